// Package scan is the embedded log engine: it reads a build's logs once and
// evaluates all fingerprints over their events. Files that no fingerprint can
// match are not fetched, and events that lack a fingerprint's words are not
// analysed; whatever is left is decided by internal/lucene alone. It may not
// keep state between builds, nor decide what a hit means.
package scan
