/*
 * completion.c - `flaron-lua --completion`: scripts that complete its words in bash, zsh and fish.
 *
 * They know commands, options, verbs and what options take, all from the tables of the commands, and ask no
 * flaron-lua while a user types.
 */
#include <stdio.h>
#include <string.h>

#include "help/help.h"

/* Prints a word in single quotes, as `shell` reads it: fish knows \' inside of them, the others do not. */
static void completion_print_quoted(const char *word, bool fish) {
  putchar('\'');
  for (; *word != '\0'; word++) {
    if (*word == '\'') {
      fputs(fish ? "\\'" : "'\\''", stdout);
    } else if (*word == '\\' && fish) {
      fputs("\\\\", stdout);
    } else {
      putchar(*word);
    }
  }
  putchar('\'');
}

/* Adds the options of a command: " -o --output", with a blank before each. */
static void completion_add_options(const cli_command *command, text *list) {
  for (const cli_option *o = command->options; o->kind != CLI_END; o++) {
    if (o->letter != '\0') text_printf(list, " -%c", o->letter);
    if (cli_is_option(o) && o->name != NULL) text_printf(list, " --%s", o->name);
  }
}

/* Adds its verbs. */
static void completion_add_verbs(const cli_command *command, text *list) {
  for (const cli_option *o = command->options; o->kind != CLI_END; o++) {
    if (o->kind == CLI_VERB) text_printf(list, " %s", o->name);
  }
}

/* Whether files or folders can stand there. */
static bool completion_names_files(const cli_offer *offer) {
  return offer->files || offer->folders || offer->endings != NULL;
}

/* What its arguments can be: what the one that says most can. */
static cli_offer completion_offer_arguments(const cli_command *command) {
  cli_offer all = {0};
  for (const cli_option *o = command->options; o->kind != CLI_END; o++) {
    if (o->kind != CLI_ARGUMENT) continue;
    all.files = all.files || o->offer.files;
    all.folders = all.folders || o->offer.folders;
    if (o->offer.endings != NULL) all.endings = o->offer.endings;
    if (o->offer.words != NULL) all.words = o->offer.words;
  }
  return all;
}

/* ---- bash ---- */

static const char bash_begin[] =
    "# Completion of flaron-lua for bash, written by `flaron-lua --completion bash`.\n"
    "\n"
    "# Offers those of the words that begin with what is typed.\n"
    "_flaron_lua_words() {\n"
    "  local word\n"
    "  for word; do\n"
    "    [[ $word == \"$cur\"* ]] && COMPREPLY+=(\"$word\")\n"
    "  done\n"
    "  return 0\n"
    "}\n"
    "\n"
    "# Offers folders, and files with one of the endings.\n"
    "_flaron_lua_files() {\n"
    "  local typed=${cur//\\\\/} ending path\n"
    "  typed=${typed#[\\'\\\"]}\n"
    "  compopt -o filenames 2>/dev/null\n"
    "  while IFS= read -r path; do\n"
    "    COMPREPLY+=(\"$path\")\n"
    "  done < <(\n"
    "    compgen -d -- \"$typed\"\n"
    "    for ending; do compgen -f -X \"!*$ending\" -- \"$typed\"; done\n"
    "  )\n"
    "}\n"
    "\n"
    "_flaron_lua() {\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "  COMPREPLY=()\n"
    "  if [[ $cur == '=' ]]; then\n"
    "    cur=\n"
    "  elif [[ $before == '=' ]]; then\n"
    "    before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "  fi\n";

/* Prints calls that offer what a value can be; none when nothing is known of it. */
static void completion_bash_offer(const cli_offer *offer, const char *indent) {
  if (offer->words != NULL) printf("%s_flaron_lua_words %s\n", indent, offer->words);
  if (!completion_names_files(offer)) return;
  printf("%s_flaron_lua_files%s%s%s\n", indent, offer->files ? " ''" : "", offer->endings != NULL ? " " : "",
         offer->endings != NULL ? offer->endings : "");
}

/* Prints a case that offers an option's values after it. */
static void completion_bash_option(const cli_option *o) {
  if (!cli_is_option(o) || o->value == NULL) return;
  fputs("        ", stdout);
  if (o->letter != '\0') printf("-%c%s", o->letter, o->name != NULL ? " | " : "");
  if (o->name != NULL) printf("--%s", o->name);
  puts(")");
  completion_bash_offer(&o->offer, "          ");
  puts("          ;;");
}

/* Prints the case of a command, or of the first word when its name is empty; `first`: the commands. */
static void completion_bash_command(const cli_command *command, const text *first) {
  text options = {0}, verbs = {0};
  cli_offer offer = completion_offer_arguments(command);
  completion_add_options(command, &options);
  completion_add_verbs(command, &verbs);
  printf("    %s)\n      case $before in\n", *command->name != '\0' ? command->name : "*");
  for (const cli_option *o = command->options; o->kind != CLI_END; o++) completion_bash_option(o);
  puts("        *)");
  if (first != NULL) {
    printf("          ((COMP_CWORD == 1)) && _flaron_lua_words%s%s\n", first->data, text_string(&options));
  } else {
    bool more = verbs.size > 0 || offer.words != NULL || completion_names_files(&offer);
    printf("          if [[ $cur == -* ]]; then\n            _flaron_lua_words%s\n", text_string(&options));
    if (more) puts("          else");
    if (verbs.size > 0) printf("            ((COMP_CWORD == 2)) && _flaron_lua_words%s\n", verbs.data);
    completion_bash_offer(&offer, "            ");
    puts("          fi");
  }
  puts("          ;;\n      esac\n      ;;");
  text_free(&options);
  text_free(&verbs);
}

static void completion_print_bash(const cli_command *program) {
  text first = {0};
  for (const cli_command *const *c = program->commands; *c != NULL; c++)
    text_printf(&first, " %s", (*c)->name);
  fputs(bash_begin, stdout);
  puts("  local command=\n  ((COMP_CWORD > 1)) && command=${COMP_WORDS[1]}\n  case $command in");
  for (const cli_command *const *c = program->commands; *c != NULL; c++) completion_bash_command(*c, NULL);
  completion_bash_command(program, &first);
  puts("  esac\n  return 0\n}\ncomplete -F _flaron_lua flaron-lua");
  text_free(&first);
}

/* ---- zsh ---- */

/* Adds words with a backslash before each of `special`. */
static void completion_add_escaped(text *to, const char *words, const char *special) {
  for (; *words != '\0'; words++) {
    if (strchr(special, *words) != NULL) text_add_string(to, "\\");
    text_add(to, words, 1);
  }
}

/* Adds ":message:action" of a value. */
static void completion_zsh_value(text *spec, const char *value, const cli_offer *offer) {
  text_add_string(spec, ":");
  completion_add_escaped(spec, value, ":\\");
  text_add_string(spec, ":");
  if (offer->words != NULL) {
    text_printf(spec, "(%s)", offer->words);
  } else if (offer->files) {
    text_add_string(spec, "_files");
  } else if (offer->endings != NULL) {
    bool several = strchr(offer->endings, ' ') != NULL;
    text_printf(spec, "_files -g \"%s*", several ? "(" : "");
    for (const char *c = offer->endings; *c != '\0'; c++) {
      if (*c == ' ') {
        text_add_string(spec, "|*");
      } else {
        text_add(spec, c, 1);
      }
    }
    text_add_string(spec, several ? ")\"" : "\"");
  } else if (offer->folders) {
    text_add_string(spec, "_files -/");
  } else {
    text_add_string(spec, " ");
  }
}

/* Prints an argument of _arguments on a line of its own. */
static void completion_zsh_print(const text *spec) {
  fputs(" \\\n        ", stdout);
  completion_print_quoted(spec->data, false);
}

/* Prints one spelling of an option: `dashes` and `name`. */
static void completion_zsh_spelling(const cli_option *o, const char *dashes, const char *name,
                                    const char *joint) {
  text spec = {0};
  text_printf(&spec, "*%s%s%s[", dashes, name, o->value != NULL ? joint : "");
  completion_add_escaped(&spec, o->help, "[]\\:");
  text_add_string(&spec, "]");
  if (o->value != NULL) completion_zsh_value(&spec, o->value, &o->offer);
  completion_zsh_print(&spec);
  text_free(&spec);
}

/* Prints the options of a command as arguments of _arguments. */
static void completion_zsh_options(const cli_command *command) {
  for (const cli_option *o = command->options; o->kind != CLI_END; o++) {
    const char letter[] = {o->letter, '\0'};
    if (!cli_is_option(o)) continue;
    if (o->letter != '\0') completion_zsh_spelling(o, "-", letter, "+");
    if (o->name != NULL) completion_zsh_spelling(o, "--", o->name, "=");
  }
}

/* Prints the case of a command. */
static void completion_zsh_command(const cli_command *command) {
  text spec = {0}, verbs = {0};
  cli_offer offer = completion_offer_arguments(command);
  printf("    %s)\n      _arguments -s", command->name);
  completion_zsh_options(command);
  completion_add_verbs(command, &verbs);
  if (verbs.size > 0) {
    text_printf(&spec, "1:what to do:(%s)", verbs.data + 1);
    completion_zsh_print(&spec);
    text_clear(&spec);
  }
  text_add_string(&spec, "*");
  completion_zsh_value(&spec, "argument", &offer);
  completion_zsh_print(&spec);
  puts("\n      ;;");
  text_free(&spec);
  text_free(&verbs);
}

static void completion_print_zsh(const cli_command *program) {
  puts(
      "#compdef flaron-lua\n"
      "# Completion of flaron-lua for zsh, written by `flaron-lua --completion zsh`.\n\n"
      "_flaron-lua() {\n"
      "  local curcontext=$curcontext state line\n"
      "  local -A opt_args\n"
      "  local -a commands=(");
  for (const cli_command *const *c = program->commands; *c != NULL; c++) {
    text both = {0};
    completion_add_escaped(&both, (*c)->name, ":\\");
    text_add_string(&both, ":");
    completion_add_escaped(&both, (*c)->summary, "\\");
    fputs("    ", stdout);
    completion_print_quoted(both.data, false);
    putchar('\n');
    text_free(&both);
  }
  fputs("  )\n  _arguments -C -A '-*'", stdout);
  completion_zsh_options(program);
  puts(" \\\n        '1:command:->command' '*::argument:->argument' && return");
  puts("  [[ $state == command ]] && _describe -t commands command commands && return");
  puts("  [[ $state == argument ]] || return 1\n  case $words[1] in");
  for (const cli_command *const *c = program->commands; *c != NULL; c++) completion_zsh_command(*c);
  puts("  esac\n}\n\n_flaron-lua \"$@\"");
}

/* ---- fish ---- */

static const char fish_begin[] =
    "# Completion of flaron-lua for fish, written by `flaron-lua --completion fish`.\n"
    "\n"
    "# Whether the command that is typed is this one; without an argument, whether there is none yet.\n"
    "function __flaron_lua_command\n"
    "    set -l word (commandline -opc)[2]\n"
    "    string match -q -- '-*' \"$word\"; and set word\n"
    "    test \"$word\" = \"$argv[1]\"\n"
    "end\n"
    "\n"
    "# Whether it is this one, and nothing stands behind it.\n"
    "function __flaron_lua_bare\n"
    "    set -l words (commandline -opc)\n"
    "    test (count $words) = 2; and __flaron_lua_command $argv[1]\n"
    "end\n"
    "\n"
    "complete -c flaron-lua -f\n";

/* Begins a line: what follows goes for the command (or, when it is empty, for the first word). */
static void completion_fish_line(const char *condition, const char *command) {
  text all = {0};
  text_printf(&all, "%s%s%s", condition, *command != '\0' ? " " : "", command);
  fputs("complete -c flaron-lua -n ", stdout);
  completion_print_quoted(all.data, true);
  text_free(&all);
}

/* Ends a line with what it means. */
static void completion_fish_meaning(const char *words) {
  fputs(" -d ", stdout);
  completion_print_quoted(words, true);
  putchar('\n');
}

/* Prints what a value can be; `required` goes for the values of options. */
static void completion_fish_offer(const cli_offer *offer, bool required) {
  if (offer->files || offer->endings != NULL) {
    fputs(required ? " -r -F" : " -F", stdout);
  } else if (offer->folders) {
    fputs(required ? " -x -a '(__fish_complete_directories)'" : " -a '(__fish_complete_directories)'",
          stdout);
  } else if (required) {
    fputs(" -x", stdout);
  }
  if (offer->words != NULL) printf(" -a '%s'", offer->words);
}

/* Prints the lines of options and arguments. */
static void completion_fish_command(const cli_command *command) {
  for (const cli_option *o = command->options; o->kind != CLI_END; o++) {
    if (o->kind == CLI_VERB) {
      completion_fish_line("__flaron_lua_bare", command->name);
      printf(" -a %s", o->name);
      completion_fish_meaning(o->help);
    } else if (cli_is_option(o)) {
      completion_fish_line("__flaron_lua_command", command->name);
      if (o->letter != '\0') printf(" -s %c", o->letter);
      if (o->name != NULL) printf(" -l %s", o->name);
      if (o->value != NULL) completion_fish_offer(&o->offer, true);
      completion_fish_meaning(o->help);
    }
  }
  cli_offer offer = completion_offer_arguments(command);
  if (offer.words == NULL && !completion_names_files(&offer)) return;
  completion_fish_line("__flaron_lua_command", command->name);
  completion_fish_offer(&offer, false);
  putchar('\n');
}

static void completion_print_fish(const cli_command *program) {
  fputs(fish_begin, stdout);
  for (const cli_command *const *c = program->commands; *c != NULL; c++) {
    completion_fish_line("__flaron_lua_command", "");
    printf(" -a %s", (*c)->name);
    completion_fish_meaning((*c)->summary);
  }
  completion_fish_command(program);
  for (const cli_command *const *c = program->commands; *c != NULL; c++) completion_fish_command(*c);
}

void completion_print(const cli_command *program, const char *shell) {
  (*shell == 'b'   ? completion_print_bash
   : *shell == 'z' ? completion_print_zsh
                   : completion_print_fish)(program);
}
