//go:build unix

package table

import (
	"io/fs"
	"os"
	"syscall"
)

// chown gives f the owner and the group of another file, as far as this user may.
func chown(f *os.File, of fs.FileInfo) {
	want, ok := of.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	if info, err := f.Stat(); err == nil {
		if now, ok := info.Sys().(*syscall.Stat_t); ok && now.Uid == want.Uid && now.Gid == want.Gid {
			return
		}
	}
	if f.Chown(int(want.Uid), int(want.Gid)) != nil {
		f.Chown(-1, int(want.Gid))
	}
}
