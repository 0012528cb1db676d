// Shell functions that the file scripts share: entering a directory, staying inside what is allowed, looking at a file.

/**
 * How a script ends when it does not end well. One number for each step, below what a shell uses itself; the
 * words of the tool that failed are on stderr.
 */
export const FILE_EXIT = {
  outside: 11,
  missing: 12,
  isDirectory: 13,
  special: 14,
  notDirectory: 15,
  manyLinks: 16,
  exists: 17,
  incomplete: 18,
  large: 19,
  noEntry: 20,
  readOnly: 21,
  protected: 22,
  notWritable: 23,
  root: 30,
  mkdir: 31,
  store: 32,
  mode: 33,
  publish: 34,
  stat: 35,
  link: 36,
  remove: 37,
  changed: 38,
  compare: 39,
} as const;

/**
 * Symlinks in the last name that are followed. Linux allows 40 in a whole path; nobody has this many on purpose.
 */
const MAX_LINKS = 20;

/**
 * `IN` is 1 while stdin holds a file's content: it is read to its end in any case, because whoever sends it
 * does not listen meanwhile. `T` is the temporary file of the current directory, removed however the script ends.
 */
const START = `LC_ALL=C; export LC_ALL; unset CDPATH GLOBIGNORE
T= IN=0
trap 'test -z "$T" || rm -f "./$T"' 0
trap 'exit 143' HUP INT TERM
quit() { test "$IN" = 0 || cat >/dev/null; exit "$1"; }`;

/** `beneath A B`: A is B or inside it. `real DIR`: its physical path in X, empty when there is none. */
const NAMES = `beneath() { case "\${1%/}/" in "\${2%/}/"*) return 0 ;; esac; return 1; }
real() { X=$(cd -P -- "$1" 2>/dev/null && printf '%sx' "$PWD"); X=\${X%x}; }`;

/**
 * `check PATH USE MARKS…`: ends the script unless the physical PATH lies in the physical base B or another
 * allowed directory. USE is read, write or tree; MARKS are those of paths.ts.
 * SECURITY: paths were confined by name on the gateway; this is the second time, against symlinks. It cannot win
 * against a process of the same user that swaps a directory between the check and the use, and need not: such a
 * process can read and write the files itself.
 */
const CHECK = `check() {
  C=$1 U=$2 A=; shift 2
  if beneath "$C" "$B"; then A=1; fi
  for r do
    case "$A$U$r" in 1read*|1write+*) continue ;; esac
    real "\${r#?}"; test -n "$X" || continue
    case "$U$r" in
      write-*) if beneath "$C" "$X"; then quit ${FILE_EXIT.readOnly}; fi ;;
      tree-*) if beneath "$C" "$X" || beneath "$X" "$C"; then quit ${FILE_EXIT.readOnly}; fi ;;
      tree+*) if beneath "$X" "$C"; then quit ${FILE_EXIT.protected}; fi; if beneath "$C" "$X"; then A=1; fi ;;
      *) if beneath "$C" "$X"; then A=1; fi ;;
    esac
  done
  test -n "$A" || quit ${FILE_EXIT.outside}
}`;

/**
 * `enter BASE MAKE DIR`: goes to the physical directory BASE/DIR, as far as it is there; R is the rest that is
 * not, B the physical BASE. What is not a directory, or may not be entered, ends the script.
 */
const ENTER = `enter() {
  if ! cd -P -- "$1" 2>/dev/null; then
    if test "$2" = 1; then mkdir -p -- "$1" || quit ${FILE_EXIT.root}
    elif test ! -e "$1"; then quit ${FILE_EXIT.missing}; fi
    if ! cd -P -- "$1" 2>/dev/null; then
      if test -d "$1"; then echo "Permission denied" >&2; else echo "Not a directory" >&2; fi
      quit ${FILE_EXIT.root}
    fi
  fi
  B=$PWD R= D=$3
  while test -n "$D" && ! cd -P -- "./$D" 2>/dev/null; do
    case "$D" in */*) S=\${D##*/} D=\${D%/*} ;; *) S=$D D= ;; esac
    R=$S\${R:+/$R}
  done
  if test -n "$R"; then
    S=\${R%%/*}
    if test -d "./$S"; then echo "Permission denied" >&2; quit ${FILE_EXIT.noEntry}; fi
    if test -e "./$S"; then quit ${FILE_EXIT.notDirectory}; fi
  fi
}`;

/** `arrive USE MARKS…`: makes the missing directories R and goes there, inside what is allowed. */
const ARRIVE = `arrive() {
  if test -n "$R"; then
    mkdir -p -- "./$R" && cd -P -- "./$R" || quit ${FILE_EXIT.mkdir}
    R=
    check "$PWD" "$@"
  fi
}`;

/** `follow USE MARKS…`: while the name N is a symlink, goes to where it points; a target outside ends the script. */
const FOLLOW = `follow() {
  I=0
  while test -L "./$N"; do
    I=$((I + 1)); test "$I" -le ${MAX_LINKS} || quit ${FILE_EXIT.manyLinks}
    L=$(readlink "./$N" && printf x) || quit ${FILE_EXIT.link}
    L=\${L%??}
    case "$L" in /*) ;; *) L=./$L ;; esac
    case "$L" in */|*/.|*/..) K=$L N=. ;; *) K=\${L%/*}/ N=\${L##*/} ;; esac
    cd -P -- "$K" 2>/dev/null || quit ${FILE_EXIT.missing}
    check "\${PWD%/}/$N" "$@"
  done
}`;

/**
 * `kind`: K is d, f or o (special: never opened), empty when nothing is there. `facts NAME`: F is its size,
 * time of change, mode and owner, as GNU and busybox print them, or else as BSD does. The owner may be unknown
 * to the system: numbers. `there NAME`: something has this name, if only a dangling symlink.
 */
const LOOK = `kind() {
  if test -d "./$N"; then K=d; elif test -f "./$N"; then K=f; elif test -e "./$N"; then K=o; else K=; fi
}
facts() {
  F=$(stat -c '%s %Y %a %u:%g %y' "./$1" 2>/dev/null) ||
    F=$(stat -f '%z %Fm %Lp %u:%g' "./$1" 2>/dev/null) || { stat "./$1" >/dev/null; quit ${FILE_EXIT.stat}; }
}
there() { test -e "./$1" || test -L "./$1"; }`;

/**
 * `same BASE`: the regular file N has the content that BASE tells, `<cksum> <size> <facts>`; where there is no cksum,
 * the same facts to the nanosecond. What cannot be read ends the script: nobody knows then. `changed`: replies what
 * is there now, kind and size, and ends the script.
 */
const SAME = `same() {
  kind; test "$K" = f || return 1
  X=$1
  if command -v cksum >/dev/null 2>&1; then
    C=$(cksum <"./$N") || { there "$N" || return 1; quit ${FILE_EXIT.compare}; }
    set -- $C
    case "$X" in "$1 $2 "*) return 0 ;; esac
  else
    facts "$N"; case "$X" in *" $F") return 0 ;; esac
  fi
  return 1
}
changed() {
  kind; C=
  if test -L "./$N"; then K=l; elif test "$K" = f; then C=$(wc -c <"./$N") && C=$((\${C:-0})); fi
  printf '%s\\0%s\\0' "$K" "$C"; quit ${FILE_EXIT.changed}
}`;

export const PARTS = [START, NAMES, CHECK, ENTER, ARRIVE, FOLLOW, LOOK, SAME].join("\n");
