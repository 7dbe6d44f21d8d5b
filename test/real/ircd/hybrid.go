package ircd

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// HybridDir is where ircd-hybrid's package is unpacked, since it cannot be
// installed beside ngircd: in IRCD_HYBRID, else where .ci/run puts it, which is
// no home because the daemon does not run as root.
func HybridDir() string {
	return cmp.Or(os.Getenv("IRCD_HYBRID"), fmt.Sprintf("/var/tmp/recheckbot-ircd-hybrid-%d", os.Getuid()))
}

// hybridModules is where the daemon looks for its modules, whatever its
// configuration says.
const hybridModules = "/usr/lib/ircd-hybrid/modules"

// relocate copies the daemon to dir in such a way that it finds the modules that
// were unpacked beside it: a name of the same length takes the place of the one
// that was compiled in. A daemon that is installed is left as it is.
func relocate(path, dir string) (string, error) {
	modules := filepath.Join(HybridDir(), hybridModules)
	if !strings.HasPrefix(path, HybridDir()) {
		return path, nil
	}
	link := filepath.Join(dir, "m")
	pad := len(hybridModules) - len(link)
	if pad < 0 {
		return "", fmt.Errorf("ircd: %s is too long a name for ircd-hybrid's modules: set TMPDIR to a shorter one", link)
	}
	if err := os.Symlink(modules, link); err != nil {
		return "", fmt.Errorf("ircd: %w", err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("ircd: %w", err)
	}
	found := dir + strings.Repeat("/", pad+1) + "m"
	program = bytes.ReplaceAll(program, []byte(hybridModules), []byte(found))
	moved := filepath.Join(dir, "ircd-hybrid")
	if err := os.WriteFile(moved, program, 0o700); err != nil {
		return "", fmt.Errorf("ircd: %w", err)
	}
	return moved, nil
}

// nobody is who ircd-hybrid runs as when we are root, which it does not want.
const nobody = 65534

// giveAway gives the directory to nobody.
func (d *Daemon) giveAway() error {
	if os.Getuid() != 0 {
		return nil
	}
	return filepath.WalkDir(d.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
}

// hybridConfig follows ircd-hybrid's doc/reference.conf. What is counted per
// address is lifted, because all clients of a test come from one; flood limits
// stay as they are.
func hybridConfig(dir string, plain, secure int, o Options) string {
	password := ""
	if o.Password != "" {
		password = fmt.Sprintf("password = %q; encrypted = no; flags = need_password;", o.Password)
	}
	return fmt.Sprintf(`serverinfo {
	name = "irc.example.net"; description = "a daemon for tests";
	network_name = "ExampleNet"; network_description = "a network for tests";
	hub = no; default_max_clients = 200; max_nick_length = %d;
	tls_certificate_file = %q; rsa_private_key_file = %q;
};
admin { name = "Nobody"; description = "nobody"; email = "nobody@example.net"; };
class {
	name = "users"; ping_time = 90 seconds; max_number = 100;
	number_per_ip_local = 100; number_per_ip_global = 100;
	sendq = 100 kbytes; recvq = 2560 bytes;
};
listen { host = "127.0.0.1"; port = %d; flags = tls; port = %d; };
auth { user = "*@*"; class = "users"; %s };
channel { max_channels = 25; };
general { disable_auth = yes; throttle_count = 1000; };
`, cmp.Or(o.NickLen, 30), certFile(dir), keyFile(dir), plain, secure, password)
}

// hybridArgs keep every file of the daemon in dir.
func hybridArgs(dir, path, config string) []string {
	args := []string{path, "-foreground", "-configfile", config}
	for _, file := range []string{"pid", "log", "kline", "dline", "xline", "resv"} {
		args = append(args, "-"+file+"file", filepath.Join(dir, "hybrid."+file))
	}
	return args
}
