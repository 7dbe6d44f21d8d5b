//go:build linux || darwin || freebsd || netbsd || openbsd

package joblog

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// canMap: files can be mapped into memory here.
const canMap = true

// mapFile maps n bytes of f, from a page's beginning on.
func mapFile(f *os.File, from int64, n int) ([]byte, error) {
	mem, err := unix.Mmap(int(f.Fd()), from, n, unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	_ = unix.Madvise(mem, unix.MADV_SEQUENTIAL) // a hint
	return mem, nil
}

func unmap(mem []byte) error { return os.NewSyscallError("munmap", unix.Munmap(mem)) }

// addresses are where mem begins and ends.
func addresses(mem []byte) (low, high uintptr) {
	low = uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	return low, low + uintptr(len(mem))
}
