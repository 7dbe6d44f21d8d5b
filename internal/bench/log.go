package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"time"
)

// log is a packed console of the wanted size, with the line near its end, where
// failures are: who stopped at it would have read nearly all. It is packed once,
// since what the log server spends is not what is measured.
func (o options) log() ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	r := rand.New(rand.NewPCG(o.seed, 0))
	at := time.Now().Add(-50 * time.Minute) // within the build's time
	size, said := o.megabytes*1_000_000, false
	for n := 0; n < size || !said; {
		text := chatter(r)
		if n >= size/100*99 && !said {
			text, said = o.line, true
		}
		at = at.Add(time.Duration(r.IntN(50)) * time.Millisecond)
		wrote, err := fmt.Fprintf(z, "%s | controller | %s\n", at.UTC().Format("2006-01-02 15:04:05.000000"), text)
		if err != nil {
			return nil, err
		}
		n += wrote
	}
	err := z.Close()
	return packed.Bytes(), err
}

// chatter is a line as devstack, ansible and tempest write them; none means a
// failure.
func chatter(r *rand.Rand) string {
	switch r.IntN(6) {
	case 0:
		return fmt.Sprintf("+ lib/nova:start_nova_rest:%d :   openstack --os-cloud devstack endpoint show %016x", r.IntN(900), r.Uint64())
	case 1:
		return fmt.Sprintf("changed: [10.%d.%d.%d] => (item=/opt/stack/logs/%08x)", r.IntN(256), r.IntN(256), r.IntN(256), r.Uint32())
	case 2:
		return fmt.Sprintf("{%d} tempest.api.compute.servers.test_server_actions.ServerActionsTestJSON.test_%06x [%d.%06ds] ... ok",
			r.IntN(4), r.IntN(1<<24), r.IntN(90), r.IntN(1e6))
	case 3:
		return fmt.Sprintf("INFO nova.compute.resource_tracker [None req-%08x-%04x None None] Final resource view: phys_ram=7966MB used_ram=%dMB free_disk=%dGB",
			r.Uint32(), r.IntN(1<<16), r.IntN(8192), r.IntN(77))
	case 4:
		return fmt.Sprintf("DEBUG oslo_concurrency.lockutils [-] Lock \"compute_resources\" released :: held %d.%03ds {{(pid=%d) inner}}",
			r.IntN(3), r.IntN(1000), r.IntN(1<<16))
	default:
		return fmt.Sprintf("Get:%d http://mirror.example.org/ubuntu noble/main amd64 python3-%06x all 1:%d.2-1ubuntu1 [%d kB]",
			r.IntN(400), r.IntN(1<<24), r.IntN(30), r.IntN(9000))
	}
}
