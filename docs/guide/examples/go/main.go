// A small Game Master: starts a game, waits for the result, follows the game, stops and removes it.
//
//	go run . GAME IMAGE
//
// The program reads both streams with a consumer group, so a crash loses no entry; an entry may come twice. It needs the
// standard library only: with a client such as go-redis you do not need resp.go. `generate-types` writes messages.go
// from the schemas.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const group, consumer = "example", "one"

// Entry: an entry of one of the streams. One of the two is not nil.
type Entry struct {
	Result *Result
	Event  *Event
}

// GameMaster pushes jobs and reads the streams of a namespace.
type GameMaster struct {
	redis           *Redis
	keys            string
	results, events string
}

func newGameMaster(redis *Redis, namespace string) (*GameMaster, error) {
	keys := "{" + namespace + "}"
	master := &GameMaster{redis, keys, keys + ":results", keys + ":events"}
	for _, stream := range []string{master.results, master.events} {
		_, err := redis.Call("XGROUP", "CREATE", stream, group, "0", "MKSTREAM")
		if err != nil && !strings.Contains(err.Error(), "BUSYGROUP") {
			return nil, err
		}
	}
	return master, nil
}

// push pushes a job. After an error, push the same job again: workers drop a second message with its id.
func (m *GameMaster) push(job any) error {
	message, err := json.Marshal(job)
	if err != nil {
		return err
	}
	_, err = m.redis.Call("LPUSH", m.keys+":queue:default", string(message))
	return err
}

// follow gives the entries of both streams to use until use returns true. It acknowledges each entry after its use.
func (m *GameMaster) follow(limit time.Duration, use func(Entry) bool) error {
	for end := time.Now().Add(limit); time.Now().Before(end); {
		// First the entries given to this consumer before a crash ("0"), then new entries (">").
		for _, position := range []string{"0", ">"} {
			reply, err := m.redis.Call("XREADGROUP", "GROUP", group, consumer, "COUNT", "100", "BLOCK", "500",
				"STREAMS", m.results, m.events, position, position)
			if err != nil {
				return err
			}
			for _, stream := range list(reply) {
				name := text(list(stream)[0])
				for _, row := range list(list(stream)[1]) {
					entry, err := m.entry(name, list(list(row)[1]))
					if err != nil {
						return err
					}
					isDone := use(entry)
					if _, err := m.redis.Call("XACK", name, group, text(list(row)[0])); err != nil || isDone {
						return err
					}
				}
			}
		}
	}
	return errors.New("the time is over")
}

// entry reads the fields of an entry. A trimmed entry has none: the consumer was behind by more than the retention.
func (m *GameMaster) entry(stream string, pairs []any) (entry Entry, err error) {
	fields := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		fields[text(pairs[i])] = text(pairs[i+1])
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return entry, err
	}
	if stream == m.events {
		entry.Event = &Event{}
		return entry, json.Unmarshal(data, entry.Event)
	}
	entry.Result = &Result{}
	return entry, json.Unmarshal(data, entry.Result)
}

func show(entry Entry) {
	if event := entry.Event; event != nil {
		fmt.Println("event", event.GameID, event.Event, event.Reason)
	} else if result := entry.Result; result != nil {
		fmt.Println("result", result.GameID, result.Outcome, result.Effect,
			result.ErrorCode, result.Error, result.EngineEndpoint)
	}
}

// play starts the game, and stops and removes it once it runs.
func (m *GameMaster) play(game, image string) error {
	// A real Game Master takes the id of the request that it serves. So a repeated request pushes the same job.
	request := fmt.Sprintf("%s-%d", game, time.Now().UnixNano())
	now := time.Now().UTC()
	start := StartJob{
		V: 1, ID: "start-" + request, Kind: "start", GameID: game, Image: image,
		// The start begins within a minute, or ends `expired`. The wait has to be longer: see producers.md.
		Deadline: now.Add(time.Minute).Format(time.RFC3339), EnqueuedAt: now.Format(time.RFC3339Nano),
	}
	if err := m.push(start); err != nil {
		return err
	}
	var outcome string
	err := m.follow(2*time.Minute, func(entry Entry) bool {
		if entry.Result == nil || entry.Result.JobID == start.ID {
			show(entry)
		}
		if entry.Result != nil && entry.Result.JobID == start.ID {
			outcome = entry.Result.Outcome
		}
		return outcome != ""
	})
	if err != nil || outcome != "succeeded" {
		return fmt.Errorf("%s ended %q: %w", start.ID, outcome, err)
	}
	seconds := 10
	stop := StopJob{V: 1, ID: "stop-" + request, Kind: "stop", GameID: game, StopTimeoutSeconds: &seconds}
	remove := RemoveJob{V: 1, ID: "remove-" + request, Kind: "remove", GameID: game}
	// The jobs of a game run in the order of their pushes. So the second push does not wait for the first result.
	for _, job := range []any{stop, remove} {
		if err := m.push(job); err != nil {
			return err
		}
	}
	missing := map[string]bool{stop.ID: true, remove.ID: true, "removed": true}
	return m.follow(2*time.Minute, func(entry Entry) bool {
		switch {
		case entry.Event != nil && entry.Event.GameID == game:
			show(entry)
			delete(missing, entry.Event.Event)
		case entry.Result != nil && missing[entry.Result.JobID]:
			show(entry)
			delete(missing, entry.Result.JobID)
		}
		return len(missing) == 0
	})
}

// setting returns a variable of the environment.
func setting(name, otherwise string) string {
	if value, isSet := os.LookupEnv(name); isSet {
		return value
	}
	return otherwise
}

func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: gamemaster GAME IMAGE")
	}
	redis, err := Dial(setting("RTM_REDIS_URL", "redis://127.0.0.1:6379"))
	if err != nil {
		return err
	}
	master, err := newGameMaster(redis, setting("RTM_NAMESPACE", "rtm"))
	if err != nil {
		return err
	}
	return master.play(os.Args[1], os.Args[2])
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
