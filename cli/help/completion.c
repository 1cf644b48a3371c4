/*
 * completion.c - `flaron-lua --completion`: scripts that complete its words in bash, zsh and fish.
 *
 * They know commands, options, verbs and what options take, all read from the help texts, and ask no
 * flaron-lua while a user types.
 */
#include <stdio.h>
#include <string.h>

#include "help/describe.h"

/* Prints a word in single quotes, as `shell` reads it: fish knows \' inside of them, the others do not. */
static void print_quoted(const char *word, bool fish) {
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

/* Adds the options of a help text: " -o --output", with a blank before each. */
static void add_options(const describe_parts *parts, text *list) {
  for (size_t i = 0; i < parts->count; i++) {
    const describe_part *part = &parts->items[i];
    if (part->letter != '\0') text_printf(list, " -%c", part->letter);
    if (part->kind == DESCRIBE_OPTION && part->name != NULL) text_printf(list, " --%s", part->name);
  }
}

/* Adds the verbs of a help text. */
static void add_verbs(const describe_parts *parts, text *list) {
  for (size_t i = 0; i < parts->count; i++) {
    if (parts->items[i].kind == DESCRIBE_VERB) text_printf(list, " %s", parts->items[i].name);
  }
}

/* Whether files or folders can stand there. */
static bool names_files(const describe_choice *choice) {
  return choice->files || choice->folders || choice->endings.size > 0;
}

/* Adds what the arguments can be. */
static void choose_arguments(const describe_parts *parts, describe_choice *choice) {
  for (size_t i = 0; i < parts->count; i++) {
    if (parts->items[i].kind == DESCRIBE_ARGUMENT) describe_choose(parts->items[i].choices, choice);
  }
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
static void bash_choice(const describe_choice *choice, const char *indent) {
  if (choice->words.size > 0) printf("%s_flaron_lua_words%s\n", indent, choice->words.data);
  if (names_files(choice)) {
    printf("%s_flaron_lua_files%s%s\n", indent, choice->files ? " ''" : "", text_string(&choice->endings));
  }
}

/* Prints a case that offers an option's values behind it. */
static void bash_option(const describe_part *part) {
  if (part->kind != DESCRIBE_OPTION || part->value == NULL) return;
  describe_choice choice = {0};
  describe_choose(part->choices, &choice);
  fputs("        ", stdout);
  if (part->letter != '\0') printf("-%c%s", part->letter, part->name != NULL ? " | " : "");
  if (part->name != NULL) printf("--%s", part->name);
  puts(")");
  bash_choice(&choice, "          ");
  puts("          ;;");
  describe_choice_free(&choice);
}

/* Prints the case of a command, or of the first word when `name` is empty. */
static void bash_command(const cli_command *command, const text *first) {
  describe_parts parts = {0};
  describe_choice choice = {0};
  text options = {0}, verbs = {0};
  describe_read(command, &parts);
  choose_arguments(&parts, &choice);
  add_options(&parts, &options);
  add_verbs(&parts, &verbs);
  printf("    %s)\n      case $before in\n", *command->name != '\0' ? command->name : "*");
  for (size_t i = 0; i < parts.count; i++) bash_option(&parts.items[i]);
  puts("        *)");
  if (first != NULL) {
    printf("          ((COMP_CWORD == 1)) && _flaron_lua_words%s%s\n", first->data, text_string(&options));
  } else {
    bool more = verbs.size > 0 || choice.words.size > 0 || names_files(&choice);
    printf("          if [[ $cur == -* ]]; then\n            _flaron_lua_words%s\n", text_string(&options));
    if (more) puts("          else");
    if (verbs.size > 0) printf("            ((COMP_CWORD == 2)) && _flaron_lua_words%s\n", verbs.data);
    bash_choice(&choice, "            ");
    puts("          fi");
  }
  puts("          ;;\n      esac\n      ;;");
  text_free(&options);
  text_free(&verbs);
  describe_choice_free(&choice);
  describe_free(&parts);
}

static void print_bash(const describe_program *program) {
  text first = {0};
  for (size_t i = 0; i < program->count; i++) text_printf(&first, " %s", program->commands[i]->name);
  fputs(bash_begin, stdout);
  puts("  local command=\n  ((COMP_CWORD > 1)) && command=${COMP_WORDS[1]}\n  case $command in");
  for (size_t i = 0; i < program->count; i++) bash_command(program->commands[i], NULL);
  bash_command(program->self, &first);
  puts("  esac\n  return 0\n}\ncomplete -F _flaron_lua flaron-lua");
  text_free(&first);
}

/* ---- zsh ---- */

/* Adds words with a backslash before each of `special`. */
static void add_escaped(text *to, const char *words, const char *special) {
  for (; *words != '\0'; words++) {
    if (strchr(special, *words) != NULL) text_add_string(to, "\\");
    text_add(to, words, 1);
  }
}

/* Adds ":message:action" of a value. */
static void zsh_value(text *spec, const char *value, const describe_choice *choice) {
  text_add_string(spec, ":");
  add_escaped(spec, value, ":\\");
  text_add_string(spec, ":");
  if (choice->words.size > 0) {
    text_printf(spec, "(%s)", choice->words.data + 1);
  } else if (choice->files) {
    text_add_string(spec, "_files");
  } else if (choice->endings.size > 0) {
    bool several = strchr(choice->endings.data + 1, ' ') != NULL;
    text_printf(spec, "_files -g \"%s*", several ? "(" : "");
    for (const char *c = choice->endings.data + 1; *c != '\0'; c++) {
      if (*c == ' ') {
        text_add_string(spec, "|*");
      } else {
        text_add(spec, c, 1);
      }
    }
    text_add_string(spec, several ? ")\"" : "\"");
  } else if (choice->folders) {
    text_add_string(spec, "_files -/");
  } else {
    text_add_string(spec, " ");
  }
}

/* Prints an argument of _arguments on a line of its own. */
static void zsh_print(const text *spec) {
  fputs(" \\\n        ", stdout);
  print_quoted(spec->data, false);
}

/* Prints one spelling of an option: `dashes` and `name`. */
static void zsh_spelling(const describe_part *part, const char *dashes, const char *name, const char *joint) {
  describe_choice choice = {0};
  text spec = {0};
  text_printf(&spec, "*%s%s%s[", dashes, name, part->value != NULL ? joint : "");
  add_escaped(&spec, part->words, "[]\\:");
  text_add_string(&spec, "]");
  if (part->value != NULL) {
    describe_choose(part->choices, &choice);
    zsh_value(&spec, part->value, &choice);
  }
  zsh_print(&spec);
  text_free(&spec);
  describe_choice_free(&choice);
}

/* Prints the options of a help text as arguments of _arguments. */
static void zsh_options(const describe_parts *parts) {
  for (size_t i = 0; i < parts->count; i++) {
    const describe_part *part = &parts->items[i];
    if (part->kind != DESCRIBE_OPTION) continue;
    const char letter[] = {part->letter, '\0'};
    if (part->letter != '\0') zsh_spelling(part, "-", letter, "+");
    if (part->name != NULL) zsh_spelling(part, "--", part->name, "=");
  }
}

/* Prints the case of a command. */
static void zsh_command(const cli_command *command) {
  describe_parts parts = {0};
  describe_choice choice = {0};
  text spec = {0}, verbs = {0};
  describe_read(command, &parts);
  printf("    %s)\n      _arguments -s", command->name);
  zsh_options(&parts);
  add_verbs(&parts, &verbs);
  if (verbs.size > 0) {
    text_printf(&spec, "1:what to do:(%s)", verbs.data + 1);
    zsh_print(&spec);
    text_clear(&spec);
  }
  choose_arguments(&parts, &choice);
  text_add_string(&spec, "*");
  zsh_value(&spec, "argument", &choice);
  zsh_print(&spec);
  puts("\n      ;;");
  text_free(&spec);
  text_free(&verbs);
  describe_choice_free(&choice);
  describe_free(&parts);
}

static void print_zsh(const describe_program *program) {
  describe_parts parts = {0};
  describe_read(program->self, &parts);
  puts(
      "#compdef flaron-lua\n"
      "# Completion of flaron-lua for zsh, written by `flaron-lua --completion zsh`.\n\n"
      "_flaron-lua() {\n"
      "  local curcontext=$curcontext state line\n"
      "  local -A opt_args\n"
      "  local -a commands=(");
  for (size_t i = 0; i < program->count; i++) {
    text both = {0};
    add_escaped(&both, program->commands[i]->name, ":\\");
    text_add_string(&both, ":");
    add_escaped(&both, program->commands[i]->summary, "\\");
    fputs("    ", stdout);
    print_quoted(both.data, false);
    putchar('\n');
    text_free(&both);
  }
  fputs("  )\n  _arguments -C -A '-*'", stdout);
  zsh_options(&parts);
  puts(" \\\n        '1:command:->command' '*::argument:->argument' && return");
  puts("  [[ $state == command ]] && _describe -t commands command commands && return");
  puts("  [[ $state == argument ]] || return 1\n  case $words[1] in");
  for (size_t i = 0; i < program->count; i++) zsh_command(program->commands[i]);
  puts("  esac\n}\n\n_flaron-lua \"$@\"");
  describe_free(&parts);
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
static void fish_line(const char *condition, const char *command) {
  text all = {0};
  text_printf(&all, "%s%s%s", condition, *command != '\0' ? " " : "", command);
  fputs("complete -c flaron-lua -n ", stdout);
  print_quoted(all.data, true);
  text_free(&all);
}

/* Ends a line with what it means. */
static void fish_meaning(const char *words) {
  fputs(" -d ", stdout);
  print_quoted(words, true);
  putchar('\n');
}

/* Prints what a value can be; `required` goes for the values of options. */
static void fish_choice(const describe_choice *choice, bool required) {
  if (choice->files || choice->endings.size > 0) {
    fputs(required ? " -r -F" : " -F", stdout);
  } else if (choice->folders) {
    fputs(required ? " -x -a '(__fish_complete_directories)'" : " -a '(__fish_complete_directories)'",
          stdout);
  } else if (required) {
    fputs(" -x", stdout);
  }
  if (choice->words.size > 0) printf(" -a '%s'", choice->words.data + 1);
}

/* Prints the lines of options and arguments. */
static void fish_command(const cli_command *command) {
  describe_parts parts = {0};
  describe_choice choice = {0};
  describe_read(command, &parts);
  for (size_t i = 0; i < parts.count; i++) {
    const describe_part *part = &parts.items[i];
    if (part->kind == DESCRIBE_VERB) {
      fish_line("__flaron_lua_bare", command->name);
      printf(" -a %s", part->name);
      fish_meaning(part->words);
    } else if (part->letter != '\0' || (part->kind == DESCRIBE_OPTION && part->name != NULL)) {
      describe_choice values = {0};
      fish_line("__flaron_lua_command", command->name);
      if (part->letter != '\0') printf(" -s %c", part->letter);
      if (part->name != NULL) printf(" -l %s", part->name);
      if (part->value != NULL) {
        describe_choose(part->choices, &values);
        fish_choice(&values, true);
      }
      fish_meaning(part->words);
      describe_choice_free(&values);
    }
  }
  choose_arguments(&parts, &choice);
  if (choice.words.size > 0 || names_files(&choice)) {
    fish_line("__flaron_lua_command", command->name);
    fish_choice(&choice, false);
    putchar('\n');
  }
  describe_choice_free(&choice);
  describe_free(&parts);
}

static void print_fish(const describe_program *program) {
  fputs(fish_begin, stdout);
  for (size_t i = 0; i < program->count; i++) {
    fish_line("__flaron_lua_command", "");
    printf(" -a %s", program->commands[i]->name);
    fish_meaning(program->commands[i]->summary);
  }
  fish_command(program->self);
  for (size_t i = 0; i < program->count; i++) fish_command(program->commands[i]);
}

bool completion_print(const describe_program *program, const char *shell) {
  static const struct {
    const char *name;
    void (*print)(const describe_program *program);
  } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
    if (strcmp(shell, shells[i].name) == 0) {
      shells[i].print(program);
      return true;
    }
  }
  return false;
}
