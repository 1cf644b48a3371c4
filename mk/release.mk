# release.mk - installation, the Debian package, the extension for VS Code, the bill of materials.

# Debian's Lua, under /usr, finds modules in the folder of this architecture; others in lib.
LIBDIR ?= $(PREFIX)/lib$(if $(filter /usr,$(PREFIX)),/$(shell $(CC) -print-multiarch))
# The date in man page and package, so that the same sources make the same files.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)
INSTALL = PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' DESTDIR='$(DESTDIR)' SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) tools/install.sh

.PHONY: install uninstall deb release vscode sbom

install: $(EXE) $(MODULE) ## install under PREFIX (default /usr/local; DESTDIR is honoured)
	$(Q)$(INSTALL) install $(EXE) $(MODULE)

uninstall: ## remove what install puts under PREFIX
	$(Q)$(INSTALL) uninstall

# With DEB_ARCH, of that architecture's static executable; without, of this machine's, with Debian's libraries.
deb: $(if $(DEB_ARCH),,$(EXE) $(MODULE)) ## build a Debian package, build/flaron-lua_VERSION_ARCH.deb (MAINTAINER='Name <mail>', DEB_ARCH=arm64)
	$(Q)tools/setup.sh packages $(DEB_PACKAGES)
	$(Q)rm -rf $(B)/deb
	$(Q)$(if $(DEB_ARCH),$(MAKE) release RELEASE_ARCH=$(DEB_ARCH),$(MAKE) install PREFIX=/usr DESTDIR=$(B)/deb/root)
	$(Q)SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) MAINTAINER='$(MAINTAINER)' tools/deb.sh $(B)/deb $(if $(SANITIZE),$(N),$(B)) $(DEB_ARCH)

# What an archive has for `test` and `check`, as Debian has it. Of those that are not of all architectures only the Lua is taken.
ARCHIVE_LUA_PACKAGES := lua-busted lua-luassert lua-say lua-penlight lua-mediator lua-cliargs lua-dkjson lua-check lua-term lua-system
RELEASE_ARCH ?= amd64 arm64

$(B)/static/lua-packages.stamp: $(call flags,archive-lua,$(ARCHIVE_LUA_PACKAGES))
	$(Q)tools/setup.sh unpack $(B)/static/lua-packages $(ARCHIVE_LUA_PACKAGES)
	@touch $@

# The executables are made one after the other, each with all cores.
release: $(EXE) $(B)/static/lua-packages.stamp ## build archives with a static executable, build/flaron-lua-VERSION-linux-ARCH.tar.gz (RELEASE_ARCH='amd64 arm64')
	$(Q)tools/setup.sh packages $(RELEASE_PACKAGES) $(if $(filter arm64,$(RELEASE_ARCH)),$(RELEASE_ARM64_PACKAGES))
	$(Q)for arch in $(RELEASE_ARCH); do \
	  $(MAKE) $(JOBS) STATIC=$$arch static && \
	  SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) tools/archive.sh $$arch $(B)/static/$$arch $(B)/static/lua-packages $(EXE) $(B) || exit 1; done

# vsce, as the lock file has it. None of its packages runs anything while it is installed.
$(B)/vscode/npm.stamp: editors/vscode/package.json editors/vscode/package-lock.json
	$(Q)tools/setup.sh packages npm
	@mkdir -p $(B)/vscode/npm
	$(Q)cp $^ $(B)/vscode/npm
	$(Q)(cd $(B)/vscode/npm && npm ci --ignore-scripts --no-audit --no-fund) >$(B)/vscode/npm.log 2>&1 || { cat $(B)/vscode/npm.log >&2; exit 1; }
	@touch $@

vscode: $(B)/vscode/npm.stamp ## build the extension for VS Code, build/flaron-lua-VERSION.vsix
	$(Q)SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) tools/vsix.sh $(B)/vscode $(B)

# The components are those of tools/licenses.sh, in the versions of this machine, so the file is made again each time.
sbom: $(B)/lua.stamp $(B)/cjson.stamp $(PART_STAMPS) ## write build/flaron-lua.spdx.json, what is built in and linked, as SPDX 2.3
	$(Q)tools/licenses.sh list $(LUA) $(CJSON) $(PART_NOTICES) $(LINKED_PACKAGES) >$(B)/components.txt
	$(Q)lua5.4 tools/sbom.lua $(SOURCE_DATE_EPOCH) 'Lua=$(LUA_SHA256):$(LUA_TARBALL)' 'lua-cjson=$(CJSON_SHA256):$(CJSON_TARBALL)' \
	  <$(B)/components.txt >$(B)/flaron-lua.spdx.json
	@echo 'made $(B)/flaron-lua.spdx.json'
