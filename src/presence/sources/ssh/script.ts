// The constant scripts that a node's facts are read with: POSIX shell, for Linux, macOS and the BSDs. Pure.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell text, not templates

/** First line of the answer; the number changes with the meaning of a key. */
export const STATS_VERSION = "node-router-stats 1";

/**
 * Prints `key value` lines; what a node does not know it does not print. `$1`: folder whose disk is meant, or the
 * nearest one above it that is there; empty: the login's home.
 *
 * Values are raw, as the system says them, and made sense of by `parseStats`: `os`, `machine`, `release`, `name`,
 * `host`, `shell`, `cpus`, `load`, `cpu_limit` and `mem_limit` (a cgroup and those above it), `mem_total_kib`,
 * `mem_available_kib`, `mem_total_bytes`, `page_bytes`, `pages_free`, `pages_speculative`, `pages_inactive`,
 * `uptime`, `boot`, `now`, `tz_link`, `tz_file`, `tz_env`, `df`. `df` comes last: on a dead network disk it hangs.
 */
export const STATS_SCRIPT = [
  "LC_ALL=C; export LC_ALL; unset CDPATH OMP_NUM_THREADS OMP_THREAD_LIMIT",
  'PATH="${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin"; export PATH; exec 2>/dev/null',
  'say() { [ -z "$2" ] || printf "%s %s\\n" "$1" "$2"; }',
  'first() { read -r f rest <"$1" && printf "%s" "$f"; }',
  `echo ${STATS_VERSION}`,
  "os=$(uname -s)",
  'say os "$os"; say machine "$(uname -m)"; say release "$(uname -r)"; say host "$(uname -n)"; say shell "${SHELL-}"',
  'say now "$(date +%s)"',

  // /etc/os-release is meant to be sourced; nothing of a node is run here that need not be.
  'case "$os" in Linux)',
  'for f in /etc/os-release /usr/lib/os-release; do [ -r "$f" ] && break; done',
  'say name "$(sed -n "s/^PRETTY_NAME=//p" "$f" | sed -n 1p)";;',
  'Darwin) say name "$(sw_vers -productVersion)";; esac',

  "cpus=$(nproc) || cpus=$(getconf _NPROCESSORS_ONLN) || cpus=$(getconf NPROCESSORS_ONLN) || cpus=$(sysctl -n hw.ncpu)",
  'say cpus "$cpus"',

  "if [ -r /proc/meminfo ]; then",
  'say load "$(first /proc/loadavg)"; say uptime "$(first /proc/uptime)"',
  "while read -r key value unit; do case $key in",
  'MemTotal:) say mem_total_kib "$value";; MemAvailable:) say mem_available_kib "$value";; esac; done </proc/meminfo',
  "else",
  'say load "$(sysctl -n vm.loadavg)"; say boot "$(sysctl -n kern.boottime)"',
  'case "$os" in',
  'Darwin) say mem_total_bytes "$(sysctl -n hw.memsize)"',
  'vm_stat | sed -n -e "s/.*page size of \\([0-9]*\\) bytes.*/page_bytes \\1/p" -e "s/^Pages \\([a-z]*\\): *\\([0-9]*\\)\\.$/pages_\\1 \\2/p" | grep -E "^(page_bytes|pages_(free|speculative|inactive)) ";;',
  'FreeBSD|DragonFly) say mem_total_bytes "$(sysctl -n hw.physmem)"; say page_bytes "$(sysctl -n vm.stats.vm.v_page_size)"',
  'say pages_free "$(sysctl -n vm.stats.vm.v_free_count)"; say pages_inactive "$(sysctl -n vm.stats.vm.v_inactive_count)";;',
  '*) say mem_total_bytes "$(sysctl -n hw.physmem64 || sysctl -n hw.physmem)"',
  'vmstat -s | sed -n -e "s/^ *\\([0-9]*\\) bytes per page$/page_bytes \\1/p" -e "s/^ *\\([0-9]*\\) pages free$/pages_free \\1/p" -e "s/^ *\\([0-9]*\\) pages inactive$/pages_inactive \\1/p";;',
  "esac; fi",

  // What a container, a service or a login may use at most is the least of all groups that it is in.
  'above() { g=$1; while :; do each "$2$g"; [ -n "$g" ] || break; g=${g%/*}; done; }',
  'group() { sed -n "s|^[0-9]*:$1:/*|/|p" /proc/self/cgroup | sed -n -e "s|/*$||" -e 1p; }',
  "if [ -r /sys/fs/cgroup/cgroup.controllers ]; then own=$(group '')",
  'each() { read -r quota period <"$1/cpu.max" && printf " %s/%s" "$quota" "$period"; }',
  'say cpu_limit "$(above "$own" /sys/fs/cgroup)"',
  'each() { most=$(first "$1/memory.max") && printf " %s/%s/%s" "$most" "$(first "$1/memory.current")" "$(sed -n "s/^inactive_file //p" "$1/memory.stat")"; }',
  'say mem_limit "$(above "$own" /sys/fs/cgroup)"',
  "elif [ -d /sys/fs/cgroup/memory ]; then",
  'each() { quota=$(first "$1/cpu.cfs_quota_us") && printf " %s/%s" "$quota" "$(first "$1/cpu.cfs_period_us")"; }',
  'say cpu_limit "$(above "$(group \'\\([a-z_,]*,\\)\\{0,1\\}cpu\\(,[a-z_,]*\\)\\{0,1\\}\')" /sys/fs/cgroup/cpu)"',
  'each() { most=$(first "$1/memory.limit_in_bytes") && printf " %s/%s/%s" "$most" "$(first "$1/memory.usage_in_bytes")" "$(sed -n "s/^total_inactive_file //p" "$1/memory.stat")"; }',
  'say mem_limit "$(above "$(group memory)" /sys/fs/cgroup/memory)"; fi',

  'say tz_link "$(readlink /etc/localtime)"; say tz_env "${TZ-}"; [ ! -r /etc/timezone ] || say tz_file "$(first /etc/timezone)"',

  'd=${1:-${HOME:-/}}; case $d in /*) ;; *) d=/;; esac; while [ ! -d "$d/" ]; do d=${d%/*}; done',
  'say df "$(df -Pk "$d/" | sed -n \'$p\')"',
].join("\n");

/**
 * Prints the address that a service on the internet saw the node ask from. `$1`: https URL. Neither the user's own
 * settings nor a proxy are heeded: they would name another machine.
 */
export const ADDRESS_SCRIPT = [
  "unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY; exec 2>/dev/null",
  "if command -v curl >/dev/null; then curl -q -fsS -m 5 --proto =https --noproxy '*' \"$1\"",
  'elif command -v wget >/dev/null; then WGETRC=/dev/null wget -q -T 5 -O - "$1"',
  "else exit 127; fi | dd bs=256 count=1",
].join("\n");
