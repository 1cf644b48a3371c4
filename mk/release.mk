# release.mk - what users get: installing, the Debian package.

# A Lua of Debian, under /usr, finds modules in the folder of this machine's kind; others in lib.
LIBDIR ?= $(PREFIX)/lib$(if $(filter /usr,$(PREFIX)),/$(shell $(CC) -print-multiarch))
# The date of man page and package: the same sources make the same files.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)
INSTALL = PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' DESTDIR='$(DESTDIR)' SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) tools/install.sh

.PHONY: install uninstall deb

install: $(EXE) $(MODULE) ## install under PREFIX (default /usr/local; DESTDIR is honoured)
	$(Q)$(INSTALL) install $(EXE) $(MODULE)

uninstall: ## remove what install puts under PREFIX
	$(Q)$(INSTALL) uninstall

deb: $(EXE) $(MODULE) ## build a Debian package, build/flaron-lua_VERSION_ARCH.deb (MAINTAINER='Name <mail>')
	$(Q)tools/setup.sh packages $(DEB_PACKAGES)
	$(Q)rm -rf $(B)/deb
	$(Q)$(MAKE) install PREFIX=/usr DESTDIR=$(B)/deb/root
	$(Q)SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) MAINTAINER='$(MAINTAINER)' tools/deb.sh $(B)/deb $(if $(SANITIZE),$(N),$(B))
