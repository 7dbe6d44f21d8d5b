package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/recheckbot/recheckbot/bot"
	"github.com/recheckbot/recheckbot/internal/config"
)

// The bot's files, in the world's folder.
const (
	configFile = "config.toml"
	keyFile    = "id_ed25519"
	queriesDir = "queries"
	storeFile  = "recheckbot.db"
)

// configForm is the bot's configuration: an ordinary one, but that all is on
// loopback, and that lines on IRC are not held back, since nobody would wait
// for them.
const configForm = `
[gerrit]
addr = %q
user = %q
key_file = %q
host_key = %q
url = "http://gerrit.example.org"

[[ci]]
name = %q
zuul = %q
tenant = %q
log_hosts = [%q]
allow_private = true

[[channel]]
name = %q
projects = ["openstack/*"]

[[group]]
name = "tempest"
jobs = ["tempest-*"]

[[tracker]]
name = "launchpad"
kind = "launchpad"
api = %q

[report]
mode = "live"

[logs]
contact = "demo@example.org"

[engine]
fingerprints = %q

[irc]
server = %q
tls = false
nick = %q
line_every = "50ms"
burst = 20
command_every = "100ms"
command_burst = 50

[limits]
reviews = 0
announcements = 0
fingerprint_percent = 0

[store]
path = %q
`

// writeConfig writes the bot's configuration.
func (w *World) writeConfig() error {
	logs := strings.Trim(strings.TrimPrefix(w.Logs.URL(), "http://"), "/")
	text := fmt.Sprintf(configForm,
		w.Gerrit.Addr(), BotUser, keyFile, w.Gerrit.HostKeySHA256(),
		CIUser, w.Zuul.URL(), Tenant, logs,
		Channel, w.Launchpad.URL(), queriesDir, w.IRC.Addr(), BotUser, storeFile)
	return os.WriteFile(filepath.Join(w.Dir, configFile), []byte(text), 0o600)
}

// Config reads the bot's configuration as the program does.
func (w *World) Config() (config.Config, error) {
	return config.Load(filepath.Join(w.Dir, configFile), bot.CheckWording)
}
