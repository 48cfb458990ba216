// The workloads on channels: goroutines hand values of 16 bytes over.
package main

import "time"

type pair [2]uint64

// Two goroutines hand a value back and forth over channels without room.
func rendezvous(rounds int) {
	there, back := make(chan pair), make(chan pair)
	go func() {
		for v := range there {
			back <- v
		}
	}()
	start := time.Now()
	for i := 0; i < rounds; i++ {
		there <- pair{uint64(i), 1}
		if got := <-back; got[0] != uint64(i) {
			panic(got)
		}
	}
	report(start)
}

// One goroutine sends, another receives.
func stream(capacity, values int) {
	c := make(chan pair, capacity)
	start := time.Now()
	go func() {
		for i := 0; i < values; i++ {
			c <- pair{uint64(i), 1}
		}
		close(c)
	}()
	received := 0
	for v := range c {
		if v[0] != uint64(received) {
			panic(v)
		}
		received++
	}
	if received != values {
		panic(received)
	}
	report(start)
}

// As rendezvous, but who answers selects over ten channels, of which the others are idle.
func selected(rounds int) {
	var c [10]chan pair
	for i := range c {
		c[i] = make(chan pair)
	}
	back := make(chan pair)
	go func() {
		for {
			var v pair
			select {
			case v = <-c[0]:
			case v = <-c[1]:
			case v = <-c[2]:
			case v = <-c[3]:
			case v = <-c[4]:
			case v = <-c[5]:
			case v = <-c[6]:
			case v = <-c[7]:
			case v = <-c[8]:
			case v = <-c[9]:
			}
			back <- v
		}
	}()
	start := time.Now()
	for i := 0; i < rounds; i++ {
		c[i%len(c)] <- pair{uint64(i), 1}
		if got := <-back; got[0] != uint64(i) {
			panic(got)
		}
	}
	report(start)
}

// A number goes through a chain of goroutines, each of which adds one.
func daisy(n int) {
	for _, lap := range []string{"secs", "warm"} {
		start := time.Now()
		leftmost := make(chan uint64)
		left := leftmost
		for i := 0; i < n; i++ {
			right := make(chan uint64)
			go func(left, right chan uint64) { left <- 1 + <-right }(left, right)
			left = right
		}
		go func(c chan uint64) { c <- 1 }(left)
		if got := <-leftmost; got != uint64(n)+1 {
			panic(got)
		}
		figure(lap, start)
	}
}
