// Package scan is the embedded log engine: it reads a build's logs once and
// evaluates all fingerprints over their events. Files that no fingerprint can
// match are not fetched, and only events that hold a piece of text without
// which a fingerprint cannot match are looked at; what is found there is decided
// by internal/lucene's rules alone. It may not keep state of builds, nor decide
// what a hit means.
package scan
