package store

import "syscall"

// mount mounts a tmpfs at dir, or turns the one that is there read-only or back.
func mount(dir, options string, readOnly bool) error {
	flags := uintptr(0)
	if options == "" {
		flags |= syscall.MS_REMOUNT
	}
	if readOnly {
		flags |= syscall.MS_RDONLY
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", flags, options)
}

func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
