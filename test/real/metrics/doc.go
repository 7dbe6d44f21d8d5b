// Package metrics holds the page of metrics of a running bot against
// Prometheus's own promtool: build tag "real".
//
// It holds tests only and nothing may import it.
package metrics
