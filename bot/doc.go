// Package bot builds the whole program from its configuration, supervises the
// steps and stops them in order. It decides nothing about builds, comments or
// words: that is handlers'. Besides the command line it alone knows the config.
package bot
