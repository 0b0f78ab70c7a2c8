package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// machineMemory returns the bytes that the machine has for this program, or 0.
func machineMemory() int64 {
	var size int64
	least := func(v int64) {
		if v > 0 && (size == 0 || v < size) {
			size = v
		}
	}
	if f, err := os.Open("/proc/meminfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == "MemTotal:" {
				v, _ := strconv.ParseInt(words[1], 10, 64)
				least(v << 10)
				break
			}
		}
	}
	for _, name := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if b, err := os.ReadFile(name); err == nil {
			v, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64) // "max": none
			least(v)
		}
	}
	// The runtime reserves addresses that it does not use.
	const reserved = 3 << 29
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_AS, &r) == nil && r.Cur < 1<<62 {
		least(max(int64(r.Cur)-reserved, 256<<20))
	}
	return size
}
