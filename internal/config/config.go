package config

import "regexp"

// Config is a whole, valid configuration: every default is filled in.
type Config struct {
	Us       []string  `toml:"us"`   // our own usernames on Gerrit; gerrit.user is always one
	Bots     []string  `toml:"bots"` // further usernames that are no people
	Gerrit   Gerrit    `toml:"gerrit"`
	CI       []CI      `toml:"ci"` // the first entry that knows an account wins
	Channels []Channel `toml:"channel"`
	Groups   []Group   `toml:"group"`
	Trackers []Tracker `toml:"tracker"` // holds Launchpad also when the file has none
	Report   Report    `toml:"report"`
	Logs     Logs      `toml:"logs"`
	Engine   Engine    `toml:"engine"`
	IRC      IRC       `toml:"irc"`
	Store    Store     `toml:"store"`
	Web      Web       `toml:"web"`
	Limits   Limits    `toml:"limits"`
}

// Gerrit is the server that is watched and reviewed on.
type Gerrit struct {
	Addr           string   `toml:"addr" need:"yes" form:"addr"` // host:port; without a port 29418 is added
	User           string   `toml:"user" need:"yes"`
	KeyFile        string   `toml:"key_file" need:"yes" path:"yes"`
	KnownHosts     string   `toml:"known_hosts" path:"yes"`  // this one
	HostKey        string   `toml:"host_key" form:"hostkey"` // or this one, "SHA256:…"
	URL            string   `toml:"url" form:"url"`          // for links; https://HOST when absent
	HTTPURL        string   `toml:"http_url" form:"url"`     // REST, optional
	HTTPUser       string   `toml:"http_user"`               // gerrit.user when absent and there is a password
	HTTPPassword   Secret   `toml:"http_password"`           // none: REST without signing in
	Keepalive      Duration `toml:"keepalive" default:"20s" min:"1s" max:"1h"`
	Silence        Duration `toml:"silence" default:"60s" min:"2s" max:"24h"` // bound on no byte and no keepalive answer
	ConnectTimeout Duration `toml:"connect_timeout" default:"30s" min:"1s" max:"10m"`
}

// CI is one CI system that reports on Gerrit.
type CI struct {
	Name         string              `toml:"name" need:"yes" form:"name"`
	Accounts     []string            `toml:"accounts"` // Gerrit usernames; the name when absent
	Dialect      string              `toml:"dialect" default:"zuul" enum:"zuul|jenkins"`
	Zuul         string              `toml:"zuul" form:"url"` // root of its web page and API
	Tenant       string              `toml:"tenant" form:"name"`
	Every        Duration            `toml:"every" default:"100ms" min:"0s" max:"1m"` // least time between two API requests
	LogHosts     []string            `toml:"log_hosts" form:"host"`                   // "logs.example.org", "*.example.org:8080", "*"
	AllowPrivate bool                `toml:"allow_private"`                           // log hosts may have private addresses
	Triggers     []*regexp.Regexp    `toml:"triggers"`                                // what starts a recheck there; none: the dialect's
	Phrases      map[string][]string `toml:"phrases" form:"phrases"`                  // comment kind to further phrases
	RecheckHint  string              `toml:"recheck_hint"`                            // report.recheck_hint when absent
}

// Channel is one IRC channel and what it wants to hear.
type Channel struct {
	Name      string   `toml:"name" need:"yes" form:"channel"`
	Key       Secret   `toml:"key"`
	Projects  []Glob   `toml:"projects" default:"*"`
	Pipelines []Glob   `toml:"pipelines" default:"gate"` // of builds; untracked bugs have none
	Branches  []Glob   `toml:"branches" default:"*"`
	Kinds     []string `toml:"kinds" default:"recognized untracked-bug" enum:"recognized|unrecognized|untracked-bug|alarms"`
}

// Group gives a name to several jobs, for rates.
type Group struct {
	Name string `toml:"name" need:"yes" form:"name"`
	Jobs []Glob `toml:"jobs" need:"yes"`
}

// Tracker is a place where bugs are.
type Tracker struct {
	Name string `toml:"name" need:"yes" form:"name"`
	Kind string `toml:"kind" default:"url" enum:"launchpad|url"`
	API  string `toml:"api" form:"url"`     // launchpad: https://api.launchpad.net/devel when absent
	URL  string `toml:"url" form:"bug-url"` // with {ref}; launchpad: https://bugs.launchpad.net/bugs/{ref} when absent
}

// Report says what is said on reviews, and what is not.
type Report struct {
	Mode        string           `toml:"mode" default:"dry-run" enum:"dry-run|announce|live"`
	Notify      string           `toml:"notify" default:"OWNER" enum:"NONE|OWNER|OWNER_REVIEWERS|ALL"`
	Template    string           `toml:"template" form:"template"` // text/template; empty: the built-in one
	After       Duration         `toml:"report_after" default:"3m" min:"0s" max:"24h"`
	MaxAge      Duration         `toml:"max_age" default:"2h" min:"1m" max:"168h"` // older ones, found late, are recorded and not said
	Stale       string           `toml:"stale" default:"skip" enum:"say|skip"`
	RecheckHint string           `toml:"recheck_hint"` // empty: the built-in one
	MaxLines    int              `toml:"max_lines" default:"25" min:"5" max:"500"`
	Excerpt     int              `toml:"excerpt" default:"200" min:"20" max:"2000"` // characters of a quoted log line
	Redact      []*regexp.Regexp `toml:"redact"`                                    // besides the built-in ones
	LeaveOut    LeaveOut         `toml:"leave_out"`
}

// LeaveOut names what nothing is said about.
type LeaveOut struct {
	Projects  []Glob `toml:"projects"`
	Pipelines []Glob `toml:"pipelines"`
	Branches  []Glob `toml:"branches"`
	Owners    []Glob `toml:"owners"`
	Hashtags  []Glob `toml:"hashtags"`
}

// Logs bounds how builds' logs are waited for and read.
type Logs struct {
	Deadline       Duration `toml:"deadline" default:"20m" min:"1s" max:"24h"`
	Tries          int      `toml:"tries" default:"3" min:"1" max:"100"`
	TriesOver      Duration `toml:"tries_over" default:"60s" min:"0s" max:"1h"` // the tries are spread over at least this
	OutageDeadline Duration `toml:"outage_deadline" default:"2h" min:"1s" max:"168h"`
	Workers        int      `toml:"workers" default:"4" min:"1" max:"64"`
	Files          int      `toml:"files" default:"4" min:"1" max:"64"`          // of one build, read at a time
	Early          bool     `toml:"early"`                                       // look at builds while their buildset still runs
	EarlyEvery     Duration `toml:"early_every" default:"30s" min:"1s" max:"1h"` // between two questions for them
	DebugLines     bool     `toml:"debug_lines"`                                 // search what oslo.log wrote as DEBUG
	Timeout        Duration `toml:"timeout" default:"2m" min:"1s" max:"1h"`      // of one file
	MaxRedirects   int      `toml:"max_redirects" default:"5" min:"1" max:"20"`
	MaxFetched     Size     `toml:"max_fetched" default:"64MiB" min:"1KiB" max:"16GiB"`   // of one file, as sent
	MaxUnpacked    Size     `toml:"max_unpacked" default:"256MiB" min:"1KiB" max:"64GiB"` // of one file, as text
	MaxTotal       Size     `toml:"max_total" default:"1GiB" min:"1KiB" max:"256GiB"`     // of one build, as text
	Contact        string   `toml:"contact" form:"line"`                                  // goes into the User-Agent
}

// Engine is what looks for fingerprints.
type Engine struct {
	Kind         string `toml:"kind" default:"scan" enum:"scan"`
	Fingerprints string `toml:"fingerprints" path:"yes"` // folder of NAME.yaml; the built-in starter set when absent
	Mapping      string `toml:"mapping" default:"historical" enum:"historical|dynamic"`
}

// IRC is the connection to an IRC network; without servers there is none.
type IRC struct {
	Server           string   `toml:"server" form:"addr"`  // without a port 6697 is added, or 6667 without TLS
	Servers          []string `toml:"servers" form:"addr"` // tried in order after server; read, all of them, that one first
	TLS              bool     `toml:"tls" default:"true"`
	CAFile           string   `toml:"ca_file" path:"yes"` // empty: the system's
	CertFile         string   `toml:"cert_file" path:"yes"`
	KeyFile          string   `toml:"key_file" path:"yes"`
	Nick             string   `toml:"nick" default:"recheckbot" form:"nick"`
	User             string   `toml:"user" form:"nick"`      // the nick when absent
	RealName         string   `toml:"real_name" form:"line"` // the nick when absent
	Password         Secret   `toml:"password"`              // the server's
	SASL             string   `toml:"sasl" default:"none" enum:"none|plain|external"`
	SASLUser         string   `toml:"sasl_user" form:"nick"` // the nick when absent
	SASLPassword     Secret   `toml:"sasl_password"`
	NickServPassword Secret   `toml:"nickserv_password"` // set: identify with NickServ before joining
	LineEvery        Duration `toml:"line_every" default:"1s" min:"0s" max:"1m"`
	Burst            int      `toml:"burst" default:"4" min:"1" max:"100"`
	CommandEvery     Duration `toml:"command_every" default:"3s" min:"0s" max:"1h"` // per person
	CommandBurst     int      `toml:"command_burst" default:"5" min:"1" max:"100"`  // per person
	Ignore           []Glob   `toml:"ignore" default:"*bot *bot_"`                  // nicks of bots: their commands are not answered
	AnnounceSteps    []int    `toml:"announce_steps" default:"1 5 20 100 500" min:"1" max:"1000000"`
	Repeat           bool     `toml:"repeat" default:"false"`                 // an unconfirmed line is said again, perhaps twice
	Fresh            Duration `toml:"fresh" default:"2h" min:"1m" max:"168h"` // older causes are not announced
}

// Limits are the bot's limits against itself, in an hour; 0 is none.
type Limits struct {
	Reviews            int `toml:"reviews" default:"200" min:"0" max:"100000"`
	Announcements      int `toml:"announcements" default:"200" min:"0" max:"100000"`
	FingerprintPercent int `toml:"fingerprint_percent" default:"30" min:"0" max:"100"` // of all builds that one may recognize, if far above its past
}

// Web are the pages about the bot itself.
type Web struct {
	Listen string `toml:"listen" form:"listen"` // host:port; empty: no pages
}

// Store is the database.
type Store struct {
	Path     string   `toml:"path" default:"recheckbot.db" path:"yes"`
	LockWait Duration `toml:"lock_wait" default:"10s" min:"0s" max:"10m"` // for another process to let go
	Lines    Duration `toml:"keep_lines" default:"168h" max:"876000h"`    // of the stream; 0s: for ever, as below
	Texts    Duration `toml:"keep_texts" default:"2160h" max:"876000h"`   // of comments
	Excerpts Duration `toml:"keep_excerpts" default:"2160h" max:"876000h"`
	MinFree  Size     `toml:"min_free" default:"512MiB" min:"0B" max:"1024GiB"` // less free disk is an alarm
}
