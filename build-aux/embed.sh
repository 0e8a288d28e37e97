#!/bin/sh
# embed.sh NAME FILE...: prints C source with the files' texts as `struct embedded NAME[]`, ended by
# a row of NULLs. Text files only.
set -eu
name=$1
shift
echo "#include \"base/embed.h\""
echo
echo "const struct embedded ${name}[] = {"
for file in "$@"; do
	printf '\t{ "%s",\n' "$(basename "$file")"
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/\\t/g' -e 's/^/\t    "/' -e 's/$/\\n"/' "$file"
	printf '\t    "" },\n'
done
printf '\t{ 0, 0 },\n};\n'
