// The two shell programs of the mirror: ask what a folder on the node has, and put files into it. Constant text.

/** How a program ends when it does not end well; the words of the tool that failed are on stderr. */
export const MIRROR_EXIT = { link: 21, directory: 22, make: 23, unpack: 24, put: 25, remove: 26 } as const;

/** Last line of an answer that came whole. */
export const END = "node-router-end";

/** Folder that the files are unpacked into, beside where they go: from there they get their names in one step each. */
const INCOMING = ".node-router-incoming.";

/** Minutes after which such a folder is nobody's: what was unpacked there was cut off. */
const INCOMING_MINUTES = 60;

/**
 * `part W`: takes the first name off the path W; C is that name, W the rest. `leads W`: a name on the way W is a
 * symbolic link. `make W`: makes the folders of the path W; where the folder is ours, through no link.
 */
const PARTS = `LC_ALL=C; export LC_ALL; unset CDPATH
part() { C=\${W%%/*}; case "$W" in */*) W=\${W#*/} ;; *) W= ;; esac; }
leads() { W=$1 Q=.; while test -n "$W"; do part; Q=$Q/$C; if test -L "$Q"; then return 0; fi; done; return 1; }
make() {
  W=$1 Q=.
  while test -n "$W"; do
    part; Q=$Q/$C
    if test "$M" = mirror && test -L "$Q"; then echo "$Q is a symbolic link" >&2; quit ${MIRROR_EXIT.link}; fi
    test -d "$Q" || mkdir "$Q" 2>/dev/null || test -d "$Q" || { mkdir "$Q"; quit ${MIRROR_EXIT.make}; }
  done
}
there() { test -e "./$1" || test -L "./$1"; }`;

/**
 * Arguments: mode, folder (relative, "" for the current one), paths in it. Prints every owner's list, a line
 * each; then the position of each path that is missing or, for a mirror, was changed after the newest list.
 */
export const ASK = `${PARTS}
quit() { exit "$1"; }
M=$1 D=$2; shift 2
if test "$M" = mirror && leads "$D"; then echo "$D leads through a symbolic link" >&2; quit ${MIRROR_EXIT.link}; fi
if test ! -d "./$D"; then I=0; for P do echo $I; I=$((I + 1)); done; echo ${END}; exit 0; fi
cd "./$D" || quit ${MIRROR_EXIT.make}
find . -maxdepth 1 -name '${INCOMING}*' -mmin +${INCOMING_MINUTES} -exec rm -rf {} \\; 2>/dev/null
N=
if test "$M" = mirror; then
  for F in ./.node-router-*.json; do
    test -f "$F" || continue
    cat "$F"
    if test -z "$N" || test "$F" -nt "$N"; then N=$F; fi
  done
fi
I=0
for P do
  if test "$M" = add; then there "$P" || echo $I
  elif test ! -f "./$P" || test -L "./$P"; then echo $I
  elif test -n "$N" && test "./$P" -nt "$N"; then echo $I
  fi
  I=$((I + 1))
done
echo ${END}`;

/**
 * Arguments: mode, folder, name of the owner's list or "", number of paths to remove, these paths, the paths of
 * the files. stdin: a tar stream of the files, named 0, 1, …, of the list, named m, and of an empty file e, whose
 * absence tells a stream that was cut off between two files: tar does not. Nothing in the folder
 * changes before all of it is unpacked. Of \`add\`, what is there already stays as it is.
 */
export const PUT = `${PARTS}
quit() { cat >/dev/null; exit "$1"; }
M=$1 D=$2 O=$3 R=$4; shift 4
make "$D"
cd "./$D" || quit ${MIRROR_EXIT.make}
T=./${INCOMING}$$
trap 'rm -rf "$T"' 0
trap 'exit 143' HUP INT TERM
rm -rf "$T"; mkdir -m 700 "$T" || quit ${MIRROR_EXIT.make}
(cd "$T" && tar xomf -) || quit ${MIRROR_EXIT.unpack}
test -f "$T/e" || { echo "the stream was cut off" >&2; quit ${MIRROR_EXIT.unpack}; }
while test "$R" -gt 0; do
  P=$1; shift; R=$((R - 1))
  case "$P" in */*) K=\${P%/*} ;; *) K= ;; esac
  if leads "$K" || ! there "$P"; then continue; fi
  if test -d "./$P" && test ! -L "./$P"; then continue; fi
  rm -f "./$P" || quit ${MIRROR_EXIT.remove}
  while test -n "$K" && rmdir "./$K" 2>/dev/null; do case "$K" in */*) K=\${K%/*} ;; *) K= ;; esac; done
done
I=0
for P do
  if test "$M" = mirror || ! there "$P"; then
    case "$P" in */*) make "\${P%/*}" ;; esac
    if test "$M" = add; then
      ln "$T/$I" "./$P" 2>/dev/null || there "$P" || mv "$T/$I" "./$P" || quit ${MIRROR_EXIT.put}
    else
      if test -L "./$P"; then rm -f "./$P" || quit ${MIRROR_EXIT.put}; fi
      if test -d "./$P"; then echo "./$P is a directory" >&2; quit ${MIRROR_EXIT.directory}; fi
      mv -f "$T/$I" "./$P" || quit ${MIRROR_EXIT.put}
    fi
  fi
  I=$((I + 1))
done
test -z "$O" || mv -f "$T/m" "./$O" || quit ${MIRROR_EXIT.put}
echo ${END}`;
