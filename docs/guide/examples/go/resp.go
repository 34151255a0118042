package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Redis is just enough of Redis' protocol for the example: a connection, one call at a time.
type Redis struct {
	connection net.Conn
	reader     *bufio.Reader
}

// Dial connects to redis://[USER:PASSWORD@]HOST[:PORT][/DB] or unix:///PATH[?db=DB].
func Dial(address string) (*Redis, error) {
	parts, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	network, place, database := "tcp", parts.Host, strings.Trim(parts.Path, "/")
	switch parts.Scheme {
	case "unix":
		network, place, database = "unix", parts.Path, parts.Query().Get("db")
	case "redis":
		if parts.Port() == "" {
			place = net.JoinHostPort(parts.Hostname(), "6379")
		}
	default:
		return nil, errors.New("RTM_REDIS_URL must begin with redis:// or unix://")
	}
	connection, err := net.Dial(network, place)
	if err != nil {
		return nil, err
	}
	redis := &Redis{connection, bufio.NewReader(connection)}
	if password, isSet := parts.User.Password(); isSet {
		user := parts.User.Username()
		if user == "" {
			user = "default"
		}
		if _, err := redis.Call("AUTH", user, password); err != nil {
			return nil, err
		}
	}
	if database != "" && database != "0" {
		_, err = redis.Call("SELECT", database)
	}
	return redis, err
}

// Call sends a command and returns the reply: a string, an int, nil, or a list of them.
func (r *Redis) Call(words ...string) (any, error) {
	command := fmt.Sprintf("*%d\r\n", len(words))
	for _, word := range words {
		command += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(r.connection, command); err != nil {
		return nil, err
	}
	return r.reply()
}

func (r *Redis) reply() (any, error) {
	line, err := r.reader.ReadString('\n')
	if err != nil {
		return nil, err
	}
	kind, rest := line[0], strings.TrimRight(line[1:], "\r\n")
	switch kind {
	case '-':
		return nil, errors.New(rest)
	case '+':
		return rest, nil
	}
	count, err := strconv.Atoi(rest)
	switch {
	case err != nil || kind == ':':
		return count, err
	case count < 0:
		return nil, nil
	case kind == '$':
		data := make([]byte, count+2)
		_, err := io.ReadFull(r.reader, data)
		return string(data[:count]), err
	}
	replies := make([]any, count)
	for i := range replies {
		if replies[i], err = r.reply(); err != nil {
			return nil, err
		}
	}
	return replies, nil
}

// list returns a reply as a list; empty if it is none.
func list(reply any) []any {
	replies, _ := reply.([]any)
	return replies
}

// text returns a reply as a string; empty if it is none.
func text(reply any) string {
	word, _ := reply.(string)
	return word
}
