// Package joblog reads a build's logs: it lists the files of a log folder,
// fetches and unpacks them, and folds their lines to events, as OpenStack's log
// pipeline did. Whatever it reads is hostile: every size, count, redirect and
// duration has a bound, and only hosts and addresses that are allowed are
// talked to. It may not know fingerprints, the store or the config, nor keep
// anything on disk.
package joblog
