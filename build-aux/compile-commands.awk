# SPDX-License-Identifier: GPL-2.0-or-later
# Reads source files, one a line; writes compile_commands.json. COMMAND, SRC, DIR: environment.
function quoted(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	return "\"" s "\""
}
BEGIN { printf "[" }
{
	file = ENVIRON["SRC"] "/" $0
	printf "%s\n  {\"directory\": %s, \"file\": %s, \"command\": %s}", (NR > 1 ? "," : ""),
		quoted(ENVIRON["DIR"]), quoted(file), quoted(ENVIRON["COMMAND"] " -c " file)
}
END { print "\n]" }
