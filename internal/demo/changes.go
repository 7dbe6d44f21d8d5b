package demo

import "github.com/recheckbot/recheckbot/internal/fake/gerrit"

// NewChange makes a change on Gerrit; the world remembers its project.
func (w *World) NewChange(spec gerrit.ChangeSpec) int64 {
	number := w.Gerrit.NewChange(spec)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.projects == nil {
		w.projects = map[int64]string{}
	}
	w.projects[number] = spec.Project
	return number
}

// project is a change's.
func (w *World) project(number int64) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.projects[number]
}

// Reviews are the bot's comments on a change, as Gerrit has them.
func (w *World) Reviews(change int64) []gerrit.Posted {
	var list []gerrit.Posted
	for _, p := range w.Gerrit.Comments(change) {
		if p.Author == BotUser {
			list = append(list, p)
		}
	}
	return list
}
