// Go: a goroutine per actor, a channel per mailbox.
// Channels are bounded: one slot, except where many send to one (1024).
package main

import (
	"bytes"
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"
)

func main() {
	args := make([]int, 3)
	for i, a := range os.Args[2:] {
		n, err := strconv.Atoi(a)
		must(err)
		args[i] = n
	}
	switch os.Args[1] {
	case "spawn":
		spawn(args[0])
	case "ring":
		ring(args[0])
	case "pingpong":
		pairs(1, args[0], args[1])
	case "pairs":
		pairs(args[0], 16, args[1])
	case "fan":
		fan(args[0], args[1])
	case "churn":
		churn(args[0], args[1])
	case "call":
		call(args[0])
	case "timers":
		timers(args[0])
	case "drift":
		drift(micros(args[0]), args[1])
	case "neighbour":
		neighbour(args[0], args[1], micros(args[2]))
	case "slice":
		slice(args[0], time.Duration(args[1])*time.Millisecond)
	case "rendezvous":
		rendezvous(args[0])
	case "stream", "local":
		stream(args[0], args[1])
	case "handover":
		stream(0, args[0])
	case "select":
		selected(args[0])
	case "daisy", "daisy_tasks":
		daisy(args[0])
	default:
		panic("no workload " + os.Args[1])
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func mark(name string) {
	fmt.Println("mark", name)
	time.Sleep(300 * time.Millisecond)
}

func report(start time.Time) {
	figure("secs", start)
}

func figure(name string, start time.Time) {
	fmt.Println(name, time.Since(start).Seconds())
}

func spawn(n int) {
	mark("base")
	start := time.Now()
	ready := make(chan struct{}, 1024)
	mailboxes := make([]chan int, n)
	for i := range mailboxes {
		mailbox := make(chan int, 1)
		mailboxes[i] = mailbox
		go func() {
			ready <- struct{}{}
			<-mailbox
		}()
	}
	for range mailboxes {
		<-ready
	}
	report(start)
	mark("full")
	mailboxes[0] <- 0
}

func ring(n int) {
	start := time.Now()
	answer := make(chan int, 1)
	next := answer
	for i := 0; i < n; i++ {
		mailbox := make(chan int, 1)
		go func(next chan int) { next <- <-mailbox + 1 }(next)
		next = mailbox
	}
	next <- 0
	if got := <-answer; got != n {
		panic(got)
	}
	report(start)
}

type ball struct {
	from    chan ball
	payload []byte
}

func play(size, rounds int, done chan struct{}) {
	ping, pong := make(chan ball, 1), make(chan ball, 1)
	go func() {
		for b := range pong {
			b.from <- ball{pong, b.payload}
		}
	}()
	payload := bytes.Repeat([]byte{7}, size)
	for i := 0; i < rounds; i++ {
		pong <- ball{ping, payload}
		payload = (<-ping).payload
	}
	done <- struct{}{}
}

func pairs(count, size, rounds int) {
	start := time.Now()
	done := make(chan struct{}, count)
	for i := 0; i < count; i++ {
		go play(size, rounds, done)
	}
	for i := 0; i < count; i++ {
		<-done
	}
	report(start)
}

func fan(senders, each int) {
	start := time.Now()
	sink := make(chan int, 1024)
	for s := 0; s < senders; s++ {
		go func() {
			for i := 0; i < each; i++ {
				sink <- i
			}
		}()
	}
	for i := 0; i < senders*each; i++ {
		<-sink
	}
	report(start)
}

func churn(total, window int) {
	start := time.Now()
	inbox := make(chan int, window)
	for i := 0; i < total; i++ {
		if i >= window {
			<-inbox
		}
		go func(i int) { inbox <- i }(i)
	}
	for i := 0; i < window && i < total; i++ {
		<-inbox
	}
	report(start)
}

type request struct {
	x     int
	reply chan int
}

func micros(n int) time.Duration {
	return time.Duration(n) * time.Microsecond
}

// Answers every number with the next one.
func server() chan request {
	server := make(chan request, 1)
	go func() {
		for r := range server {
			r.reply <- r.x + 1
		}
	}()
	return server
}

func ask(server chan request, x int) int {
	reply := make(chan int, 1)
	server <- request{x, reply}
	return <-reply
}

func call(calls int) {
	server := server()
	start := time.Now()
	for i := 0; i < calls; i++ {
		if got := ask(server, i); got != i+1 {
			panic(got)
		}
	}
	report(start)
}

func timers(n int) {
	mark("base")
	start := time.Now()
	due := make(chan struct{}, 1)
	armed := make([]*time.Timer, n)
	for i := range armed {
		armed[i] = time.AfterFunc(time.Hour, func() { due <- struct{}{} })
	}
	report(start)
	mark("full")
	armed[0].Stop()
}

// A tick that was left out is not waited for.
func drift(period time.Duration, ticks int) {
	start := time.Now()
	due := period
	timer := time.NewTicker(period)
	late := make([]time.Duration, ticks)
	for i := range late {
		<-timer.C
		elapsed := time.Since(start)
		if elapsed > due {
			late[i] = elapsed - due
		}
		due = (elapsed/period + 1) * period
	}
	distribution(late)
}

func neighbour(hogs, probes int, period time.Duration) {
	server := server()
	ask(server, 0)
	sums := make([]int, hogs)
	for i := range sums {
		go func(i int) {
			for {
				sums[i] = sums[i]*31 + 1
			}
		}(i)
	}
	late := make([]time.Duration, probes)
	for i := range late {
		due := time.Now().Add(period)
		time.Sleep(period)
		ask(server, i)
		late[i] = time.Since(due)
	}
	distribution(late)
}

func slice(hogs int, length time.Duration) {
	heard := make(chan []time.Duration)
	for i := 0; i < hogs; i++ {
		go func() { heard <- slices(length) }()
	}
	var all []time.Duration
	for i := 0; i < hogs; i++ {
		all = append(all, <-heard...)
	}
	distribution(all)
}

// Computes for a time and takes a gap between two looks at the clock for the end of a slice.
func slices(length time.Duration) (slices []time.Duration) {
	first := time.Now()
	begin, last := first, first
	for last.Sub(first) < length {
		now := time.Now()
		if now.Sub(last) > 50*time.Microsecond {
			slices = append(slices, last.Sub(begin))
			begin = now
		}
		last = now
	}
	return append(slices, last.Sub(begin))
}

// Reports the middle, the tail and the longest of many times.
func distribution(times []time.Duration) {
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	for _, at := range []struct {
		name    string
		percent int
	}{{"p50", 50}, {"p99", 99}, {"max", 100}} {
		fmt.Println(at.name, times[(len(times)-1)*at.percent/100].Seconds())
	}
}
