// The scripts of the file bridge: one for each operation, constant, for any POSIX sh with GNU, BSD or busybox tools.
import { FILE_EXIT, PARTS } from "./scriptParts.ts";

/**
 * Arguments of every script: the place as BASE MAKE DIR NAME (a rename and a copy have two), then its own, then the
 * marks. Replies are fields with a NUL behind each, and raw content behind the last where there is any.
 */

/** Only a regular file is gone on with. */
const PLAIN = `case "$K" in d) exit ${FILE_EXIT.isDirectory} ;; o) exit ${FILE_EXIT.special} ;; "") exit ${FILE_EXIT.missing} ;; esac`;

/**
 * A look: KEEP BS COUNT. Replies kind, facts, directory, name and, for a regular file of at most KEEP bytes, its
 * content: COUNT blocks of BS bytes at most, told by dd's own summary and `end <status>` on stderr. The files of
 * /proc say size 0 and have content all the same.
 * Missing: one field, `parent` when only the last name is missing, `makeable` when its directories can be made.
 */
export const LOOK_SCRIPT = `${PARTS}
N=$4; enter "$1" "$2" "$3"
KEEP=$5 BS=$6 COUNT=$7; shift 7
check "\${PWD%/}\${R:+/$R}/$N" read "$@"
if test -n "$R"; then
  if test -w . && test ! -L "./\${R%%/*}"; then printf 'makeable\\0'; else printf 'closed\\0'; fi
  exit ${FILE_EXIT.missing}
fi
follow read "$@"; kind
if test -z "$K"; then printf 'parent\\0'; exit ${FILE_EXIT.missing}; fi
facts "$N"
printf '%s\\0%s\\0%s\\0%s\\0' "$K" "$F" "$PWD" "$N"
if test "$K" = f && test "\${F%% *}" -le "$KEEP"; then dd bs="$BS" count="$COUNT" <"./$N"; echo "end $?" >&2; fi
exit 0`;

/**
 * Some files in one trip: BASE KEEP BS COUNT MARK PATHS, the paths below BASE with a newline behind each. For each of
 * them two fields, directory and name, then its content, COUNT blocks of BS bytes at most, and NUL, MARK, a space, the
 * exit code of its look, NUL. MARK is told apart from content because nobody knows it before. BASE itself comes first,
 * in the same way, without fields.
 */
export const READ_MANY_SCRIPT = `${PARTS}
BASE=$1 KEEP=$2 BS=$3 COUNT=$4 MARK=$5 PATHS=$6 NL='
'; shift 6
ended() { printf '\\0%s %s\\0' "$MARK" "$1"; }
one() {
  case "$1" in */*) D=\${1%/*} N=\${1##*/} ;; *) D= N=$1 ;; esac
  shift; enter "$BASE" 0 "$D"
  check "\${PWD%/}\${R:+/$R}/$N" read "$@"
  test -z "$R" || exit ${FILE_EXIT.missing}
  follow read "$@"; kind
  ${PLAIN}
  facts "$N"; test "\${F%% *}" -le "$KEEP" || exit ${FILE_EXIT.large}
  printf '%s\\0%s\\0' "$PWD" "$N"
  dd bs="$BS" count="$COUNT" <"./$N" 2>/dev/null || exit ${FILE_EXIT.stat}
}
(enter "$BASE" 0 ""; printf '%s' "$B"); ended "$?"
while test -n "$PATHS"; do
  NEXT=\${PATHS%%"$NL"*} PATHS=\${PATHS#*"$NL"}
  (one "$NEXT" "$@"); ended "$?"
done
exit 0`;

/** A listing. One field for each entry: `d` or `f`, then its name. */
export const LIST_SCRIPT = `${PARTS}
N=. ; enter "$1" "$2" "$3"; shift 4
check "\${PWD%/}\${R:+/$R}" read "$@"
test -z "$R" || exit ${FILE_EXIT.missing}
if test ! -r .; then echo "Permission denied" >&2; exit ${FILE_EXIT.noEntry}; fi
for f in * .[!.]* ..?*; do
  if test -d "./$f" && test ! -L "./$f"; then printf 'd%s\\0' "$f"
  elif there "$f"; then printf 'f%s\\0' "$f"; fi
done
exit 0`;

/**
 * `land MKDIR MARKS…`: goes to where a file is to be written, N its name there, K what is there now, which is what E
 * expects (see WRITE_SCRIPT). `publish`:
 * the temporary file takes that name. `split $F`: MODE and OWNER out of facts. `reply VERIFIED`: the last words, with
 * the facts F that the temporary file had: a rename changes none of them, and a look less is a millisecond less.
 */
const LAND = `land() {
  M=$1; shift
  check "\${PWD%/}\${R:+/$R}/$N" write "$@"
  if test -n "$R"; then
    case "$E" in [0-9]*) N=$R/$N; changed ;; esac
    test "$M" = 1 || quit ${FILE_EXIT.missing}
  fi
  arrive write "$@"
  follow write "$@"; kind
  case "$E$K" in any*|missing|[0-9]*f) ;; *) changed ;; esac
  case "$K" in
    d) quit ${FILE_EXIT.isDirectory} ;;
    o) quit ${FILE_EXIT.special} ;;
    # Opening it fails too, and says why; nothing is ever added to it.
    f) test -w "./$N" || { (: >>"./$N"); quit ${FILE_EXIT.notWritable}; } ;;
  esac
}
publish() {
  mv -f "./$T" "./$N" || exit ${FILE_EXIT.publish}
  if test -d "./$N"; then rm -f "./$N/$T"; T=; exit ${FILE_EXIT.isDirectory}; fi
  T=
}
split() { MODE=$3 OWNER=$4; case "$MODE" in ????) MODE=\${MODE#?} ;; esac; }
reply() {
  printf '%s\\0%s\\0%s\\0%s\\0' "$1" "$F" "$PWD" "$N"; exit 0
}`;

/**
 * Stores what comes on stdin: MKDIR SIZE SUM TEMP EXPECT. EXPECT is what has to be there: `any`; `new`, nothing of
 * that name, and no symlink is followed; `missing`, no file where the name leads; or a BASE that the file still is.
 * It is looked at first, and again right before the new file takes the name. Replies whether the checksum was
 * compared (1 or 0), facts, directory, name. Nothing has the file's name before all of it is there and was compared.
 * The set-user bits of a mode go, as they go with every write. The owner stays where the user may give files away.
 */
export const WRITE_SCRIPT = `${PARTS}
${LAND}
IN=1 MODE= OWNER= N=$4; enter "$1" "$2" "$3"
M=$5 SIZE=$6 SUM=$7 TEMP=$8 E=$9; shift 9
if test "$E" = new; then
  check "\${PWD%/}\${R:+/$R}/$N" write "$@"
  if test -n "$R" && test "$M" != 1; then quit ${FILE_EXIT.missing}; fi
  arrive write "$@"
  if there "$N"; then quit ${FILE_EXIT.exists}; fi
else
  land "$M" "$@"
  # Never open to more readers than the file was, not even for a moment.
  if test "$K" = f; then
    facts "$N"; split $F; umask 077
    # A mode without execution is one that the file can have from the first moment on, if it can be read back then.
    case "$MODE" in [46][0246][0246])
      I=\${MODE#?}; umask "$((7 - \${MODE%??}))$((7 - \${I%?}))$((7 - \${I#?}))" ;;
    esac
  fi
fi
T=$TEMP
(set -C; exec cat >"./$T") || quit ${FILE_EXIT.store}
IN=0
if command -v cksum >/dev/null 2>&1; then
  V=1; case "$(cksum <"./$T") " in "$SUM $SIZE "*) ;; *) exit ${FILE_EXIT.incomplete} ;; esac
else
  V=0; test "$(($(wc -c <"./$T")))" -eq "$SIZE" || exit ${FILE_EXIT.incomplete}
fi
WANT=$MODE OWN=$OWNER; facts "$T"; split $F
if test -n "$WANT" && test "$OWN $WANT" != "$OWNER $MODE"; then
  test "$OWN" = "$OWNER" || chown "$OWN" "./$T" 2>/dev/null || chgrp "\${OWN#*:}" "./$T" 2>/dev/null
  chmod "$WANT" "./$T" || exit ${FILE_EXIT.mode}
  facts "$T"
fi
taken() { if test "$E" = new; then exit ${FILE_EXIT.exists}; fi; changed; }
case "$E" in
  any) publish ;;
  new|missing)
    if ln "./$T" "./$N" 2>/dev/null; then rm -f "./$T"; T=
    else
      # No hard links here: an empty file takes the name, if nothing has it, and the whole one replaces it.
      (set -C; : >"./$N") || { if there "$N"; then taken; fi; exit ${FILE_EXIT.publish}; }
      publish
    fi ;;
  *)
    # SECURITY: whoever changes the file between this look and the rename right behind it, a millisecond or two,
    # still loses the change: a file system has no rename that compares.
    if test -L "./$N" || ! same "$E"; then changed; fi
    publish ;;
esac
reply "$V"`;

/** Copies a file on the node: the place twice, MKDIR TEMP. The copy has the mode of the original. */
export const COPY_SCRIPT = `${PARTS}
${LAND}
N=$4; enter "$1" "$2" "$3"
DB=$5 DM=$6 DD=$7 DN=$8; shift 8
M=$1 TEMP=$2 E=any; shift 2
check "\${PWD%/}\${R:+/$R}/$N" read "$@"
test -z "$R" || exit ${FILE_EXIT.missing}
follow read "$@"; kind
${PLAIN}
facts "$N"; split $F; FROM=\${PWD%/}/$N
N=$DN; enter "$DB" "$DM" "$DD"
land "$M" "$@"
umask 077; T=$TEMP
(set -C; exec cat "$FROM" >"./$T") || exit ${FILE_EXIT.store}
chmod "$MODE" "./$T" || exit ${FILE_EXIT.mode}
publish
reply 0`;

/** Makes a directory and those above it. DIR is the whole way, NAME not used. */
export const MKDIR_SCRIPT = `${PARTS}
N=. ; enter "$1" "$2" "$3"; shift 4
check "\${PWD%/}\${R:+/$R}" write "$@"
arrive write "$@"
exit 0`;

/** Removes a name, never what a symlink points to: RECURSIVE EXPECT, `any` or a BASE that the file still is. */
export const REMOVE_SCRIPT = `${PARTS}
N=$4; enter "$1" "$2" "$3"
E=$5 W=$6; shift 6
check "\${PWD%/}\${R:+/$R}/$N" tree "$@"
if test -n "$R" || ! there "$N"; then exit ${FILE_EXIT.missing}; fi
if test "$W" != any && ! same "$W"; then changed; fi
if test ! -d "./$N" || test -L "./$N"; then rm -f "./$N"
elif test "$E" = 1; then rm -rf "./$N"
else rmdir "./$N"; fi || exit ${FILE_EXIT.remove}
exit 0`;

/**
 * Renames as rename(2) does, and makes the missing directories of the new name: the place twice. `mv` by itself
 * would move into a directory that has the new name, or into the one a symlink there points to.
 */
export const RENAME_SCRIPT = `${PARTS}
N=$4; enter "$1" "$2" "$3"
DB=$5 DM=$6 DD=$7 DN=$8; shift 8
check "\${PWD%/}\${R:+/$R}/$N" tree "$@"
if test -n "$R" || ! there "$N"; then exit ${FILE_EXIT.missing}; fi
FROM=\${PWD%/}/$N
N=$DN; enter "$DB" "$DM" "$DD"
check "\${PWD%/}\${R:+/$R}/$N" tree "$@"
arrive write "$@"
if test "$FROM" = "\${PWD%/}/$N"; then exit 0; fi
if test -d "./$N" && test ! -L "./$N"; then
  if test ! -d "$FROM" || test -L "$FROM"; then exit ${FILE_EXIT.isDirectory}; fi
  if ! test "$FROM" -ef "./$N"; then rmdir "./$N" || exit ${FILE_EXIT.publish}; fi
elif test -d "$FROM" && test ! -L "$FROM"; then
  if there "$N"; then exit ${FILE_EXIT.notDirectory}; fi
elif test -L "./$N" && test -d "./$N"; then rm -f "./$N" || exit ${FILE_EXIT.publish}
fi
mv -f "$FROM" "./$N" || exit ${FILE_EXIT.publish}
exit 0`;
