// Package ircd is a small IRC server on a real socket, for the demo and for
// tests. Any ordinary client can connect, join and talk; faults happen on
// demand. It keeps the habits of real servers that matter to a bot: it cuts
// relayed lines at 512 bytes, paces nobody but kills floods when told to, and
// answers in the order of arrival. It is no server for a real network: one
// process, no links, no services beyond a NickServ of one command.
package ircd
