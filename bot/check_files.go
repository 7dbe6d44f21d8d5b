package bot

import (
	"os"

	"github.com/recheckbot/recheckbot/internal/config"
)

// CheckFiles warns of files that the config names and that cannot be read here:
// a config may be checked where its keys are not.
func CheckFiles(cfg config.Config) []Check {
	var checks []Check
	for _, f := range []struct{ key, path string }{
		{"gerrit.key_file", cfg.Gerrit.KeyFile},
		{"gerrit.known_hosts", cfg.Gerrit.KnownHosts},
		{"irc.ca_file", cfg.IRC.CAFile},
		{"irc.cert_file", cfg.IRC.CertFile},
		{"irc.key_file", cfg.IRC.KeyFile},
	} {
		if f.path == "" {
			continue
		}
		file, err := os.Open(f.path)
		if err != nil {
			checks = append(checks, Check{What: f.key, OK: true, Warning: true, Why: err.Error()})
			continue
		}
		_ = file.Close() // it was only to be read
	}
	return checks
}
