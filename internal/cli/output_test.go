package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestLoggedDurations are readable, also in JSON.
func TestLoggedDurations(t *testing.T) {
	var out bytes.Buffer
	(&app{err: &out}).logger().Info("x", "retry_in", 1413474373*time.Nanosecond)
	if !strings.Contains(out.String(), `"retry_in":"1.413s"`) {
		t.Error(out.String())
	}
}
