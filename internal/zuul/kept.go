package zuul

import (
	"container/list"
	"strings"
	"sync"
)

// kept remembers the values used last, at most size of them.
type kept[T any] struct {
	mu    sync.Mutex
	size  int
	order *list.List // newest in front
	items map[string]*list.Element
}

type keptItem[T any] struct {
	key   string
	value T
}

func newKept[T any](size int) *kept[T] {
	return &kept[T]{size: size, order: list.New(), items: map[string]*list.Element{}}
}

func (k *kept[T]) get(key string) (T, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.items[strings.ToLower(key)]
	if !ok {
		var none T
		return none, false
	}
	k.order.MoveToFront(e)
	return e.Value.(keptItem[T]).value, true
}

func (k *kept[T]) put(key string, value T) {
	key = strings.ToLower(key)
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.items[key]; ok {
		k.order.Remove(e)
	}
	k.items[key] = k.order.PushFront(keptItem[T]{key, value})
	if k.order.Len() > k.size {
		oldest := k.order.Back()
		k.order.Remove(oldest)
		delete(k.items, oldest.Value.(keptItem[T]).key)
	}
}
