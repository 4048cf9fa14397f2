# The manual pages of redraw, from `redraw --experimental-dump-help`: a JSON object with the text of each page by its file's name.
# $version and $date are given.

def roff: gsub("\\\\"; "\\e") | gsub("-"; "\\-") | gsub("(?m)^(?<c>['.])"; "\\&" + .c);
def flag: if .kind == "short" then "\\-" + .name elif .kind == "longWithSingleDash" then "\\-" + (.name | roff) else "\\-\\-" + (.name | roff) end;
def value: "\\fI" + ((.valueName // "value") | roff) + "\\fR";
def repeated: if .isRepeating then " ..." else "" end;
def heading:
  if .kind == "positional" then value + repeated
  else ([.names[] | "\\fB" + flag + "\\fR"] | join(", ")) + (if .kind == "option" then " " + value else "" end) end;
# A default that the text does not tell itself.
def told: if .abstract and .defaultValue and (.abstract | contains("(default: ") | not) then .abstract + " (default: " + .defaultValue + ")" else .abstract end;
def help: [told, .discussion] | map(select(. != null and . != "")) | map(roff) | join("\n.IP\n");
def item: ".TP\n" + heading + "\n" + help;
def brief:
  if .kind == "positional" then value + repeated
  else "\\fB" + (.preferredName // .names[0] | flag) + "\\fR" + (if .kind == "option" then " " + value else "" end) end;
def usage: (if .isOptional then "[" + brief + "]" else brief end);
# Lines that begin with two blanks are typed as they are.
def prose:
  split("\n") | reduce .[] as $line ({text: "", code: false};
    if ($line | startswith("  ")) then
      {text: (.text + (if .code then "" else ".PP\n.nf\n" end) + ($line | roff) + "\n"), code: true}
    elif $line == "" then
      (if .code then {text: (.text + ".fi\n"), code: false} else . end) | .text += ".PP\n"
    else
      (if .code then {text: (.text + ".fi\n.PP\n"), code: false} else . end) | .text += ($line | roff) + "\n"
    end) | .text + (if .code then ".fi\n" else "" end);

# Options under the titles that the help has, and those without one behind them.
def sections:
  reduce .[] as $one ([]; ($one.sectionTitle // "") as $title | (map(.title) | index($title)) as $place
    | if $place then .[$place].items += [$one] else . + [{title: $title, items: [$one]}] end)
  | sort_by(.title == "")
  | length as $count
  | map((if .title != "" then ".SS " + (.title | roff) + "\n" elif $count > 1 then ".SS General\n" else "" end) + (.items | map(item) | join("\n")))
  | join("\n");
def shown: [(.arguments // [])[] | select(.shouldDisplay)];
def page($path):
  ($path | join("-")) as $name
  | (.subcommands // [] | map(select(.shouldDisplay and .commandName != "help"))) as $below
  | ".TH " + ($name | ascii_upcase | roff) + " 1 \"" + $date + "\" \"redraw " + $version + "\" \"User Commands\"\n"
  + ".SH NAME\n" + ($name | roff) + " \\- " + ((.abstract // "") | roff | rtrimstr(".")) + "\n"
  + ".SH SYNOPSIS\n\\fB" + ($path | join(" ") | roff) + "\\fR"
  + (if ($below | length) > 0 then " \\fIsubcommand\\fR" else "" end)
  + ([shown[] | select(.kind == "positional") | " " + usage] | join("")) + " [\\fIoptions\\fR]\n"
  + (if .discussion then ".SH DESCRIPTION\n" + (.discussion | prose) else "" end)
  + (if ($below | length) > 0 then
      ".SH SUBCOMMANDS\n" + ([$below[] | ".TP\n\\fB" + (.commandName | roff) + "\\fR\n" + ((.abstract // "") | roff)] | join("\n")) + "\n"
    else "" end)
  + ([shown[] | select(.kind == "positional")] | if length > 0 then ".SH ARGUMENTS\n" + (map(item) | join("\n")) + "\n" else "" end)
  + ([shown[] | select(.kind != "positional")] | if length > 0 then ".SH OPTIONS\n" + sections + "\n" else "" end)
  + ".SH EXIT STATUS\n0 done, 1 failed (one line on standard error says what, where and what to do), 64 wrong usage, 130 interrupted.\n"
  + ".SH SEE ALSO\n"
  + ((if ($path | length) > 1 then [$path[:-1]] else [] end) + [$below[] | $path + [.commandName]]
      | if length > 0 then map("\\fB" + (join("-") | roff) + "\\fR(1)") | join(", ") else "The files in /usr/share/doc/redraw, README.md first" end) + "\n";
def pages($path): page($path) as $text
  | {(($path | join("-")) + ".1"): $text}
    + ([(.subcommands // [])[] | select(.shouldDisplay and .commandName != "help") | . as $one | pages($path + [$one.commandName])] | add // {});

.command | pages([.commandName])
