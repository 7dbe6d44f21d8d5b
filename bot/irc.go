package bot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/recheckbot/recheckbot/handlers"
	"github.com/recheckbot/recheckbot/internal/config"
	"github.com/recheckbot/recheckbot/internal/irc"
)

// newIRC makes the IRC client; nil without a server.
func newIRC(cfg config.Config, log *slog.Logger, onCommand func(context.Context, irc.Command), changed ...handlers.Wake) (*irc.Client, error) {
	c := cfg.IRC
	if len(c.Servers) == 0 {
		return nil, nil
	}
	tlsConfig, err := ircTLS(c)
	if err != nil {
		return nil, fmt.Errorf("irc: %w", err)
	}
	o := irc.Options{
		Servers: c.Servers, TLS: c.TLS, TLSConfig: tlsConfig, Password: c.Password.Reveal(),
		Nick: c.Nick, User: c.User, Realname: c.RealName, SASL: sasl(c), NickServ: c.NickServPassword.Reveal(),
		LineEvery: c.LineEvery.Duration, Burst: c.Burst, Logger: log, OnCommand: onCommand,
		OnState: func(irc.State) {
			for _, wake := range changed {
				wake.Now()
			}
		},
	}
	for _, ch := range cfg.Channels {
		o.Channels = append(o.Channels, irc.Channel{Name: ch.Name, Key: ch.Key.Reveal()})
	}
	return irc.New(o), nil
}

// endAlarms ends the alarms about channels, or an IRC, that the configuration
// does not name any more: nobody else would.
func (b *Bot) endAlarms(ctx context.Context) error {
	raised, err := b.store.Alarms(ctx)
	if err != nil {
		return err
	}
	watched := []string{handlers.AlarmIRC, handlers.ChannelAlarm(irc.NickServ)}
	for _, ch := range b.cfg.Channels {
		watched = append(watched, handlers.ChannelAlarm(ch.Name))
	}
	for _, alarm := range raised {
		if !strings.HasPrefix(alarm.Name, handlers.AlarmIRC) || b.irc != nil && slices.Contains(watched, alarm.Name) {
			continue
		}
		if err := b.alarms.SetNow(ctx, alarm.Name, false, ""); err != nil {
			return err
		}
	}
	return nil
}

func sasl(c config.IRC) *irc.SASL {
	if c.SASL == "none" {
		return nil
	}
	return &irc.SASL{Mechanism: strings.ToUpper(c.SASL), User: c.SASLUser, Password: c.SASLPassword.Reveal()}
}

// ircTLS reads the certificates that the config names; nil: the system's roots.
func ircTLS(c config.IRC) (*tls.Config, error) {
	if c.CAFile == "" && c.CertFile == "" {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", c.CAFile)
		}
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, err
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}
