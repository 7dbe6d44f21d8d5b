-- A closed gap says which catching-up closed it.

-- +goose Up
ALTER TABLE gap ADD COLUMN closed_by TEXT NOT NULL DEFAULT '';
