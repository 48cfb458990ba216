;; The rows that are measured without an SDK: an export each, which does its operation as often as
;; the program's first argument says.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "flower" "self_pid" (func $self_pid (param i32) (result i32)))
  (import "flower" "send" (func $send (param i32 i32 i32 i32) (result i32)))
  (import "flower" "send_wait" (func $send_wait (param i32 i32 i32 i32 i64) (result i32)))
  (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
  (import "flower" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i64) (result i32)))
  (import "flower" "reply" (func $reply (param i32 i32 i32 i32) (result i32)))
  (import "flower" "start_args" (func $start_args (param i32 i32 i32) (result i32)))
  (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
  (import "flower" "timer_start" (func $timer_start (param i64 i64 i32 i32 i32 i32) (result i64)))
  (import "flower" "cancel" (func $cancel (param i64) (result i32)))
  (import "flower" "now" (func $now (result i64)))
  (import "flower" "flush" (func $flush (result i64)))
  (import "flower" "parent" (func $parent (param i32) (result i32)))
  (import "flower" "yield_now" (func $yield_now (result i32)))
  (import "flower" "link" (func $link (param i32) (result i32)))
  (import "flower" "unlink" (func $unlink (param i32) (result i32)))
  (import "flower" "monitor" (func $monitor (param i32 i32) (result i64)))
  (import "flower" "trap_exit" (func $trap_exit (param i32) (result i32)))
  (import "flower" "exit" (func $exit (param i32 i32 i32 i32) (result i32)))

  (import "flower" "message_handles" (func $message_handles (param i32 i32) (result i64)))
  (import "flower" "channel_new" (func $channel_new (param i32 i32 i32) (result i32)))
  (import "flower" "channel_send" (func $channel_send (param i64 i32 i32 i32 i64) (result i32)))
  (import "flower" "channel_recv" (func $channel_recv (param i64 i32 i32 i32 i64) (result i32)))
  (import "flower" "channel_fill" (func $channel_fill (param i64 i32 i32) (result i64)))
  (import "flower" "channel_drain" (func $channel_drain (param i64 i32 i32 i32) (result i64)))
  (import "flower" "select" (func $select (param i32 i32 i32 i32 i32 i32 i64) (result i32)))

  (memory (export "memory") 1)
  (global (export "flower_inbox") i32 (i32.const 1280))
  (global $left (mut i32) (i32.const 0))

  ;;   16 MessageInfo     256 body       512 own pid      544 other's pid and a count
  ;;  592 reply token     640 SpawnOptions               1024 SendOptions
  ;; 3072 handles        5120 arms                       8192 many values
  ;; 1152 Filter         1280 inbox: 2048, 512 bytes     4096 program arguments
  (data (i32.const 640) "\01\00\00\00")
  (data (i32.const 1024) "\01\00\00\00\00\00\00\00\07\00\00\00\00\00\00\00")
  (data (i32.const 1152) "\02\00\00\00\00\00\00\00\07\00\00\00\00\00\00\00")
  (data (i32.const 1280) "\00\08\00\00\00\02\00\00")
  (data (i32.const 1536) "echo    answer  sender  leave   player  replier repeat  wait    chained watcher meets   drinks  ")

  ;; Ends the run when a host call refuses.
  (func $ok (param i32) (if (local.get 0) (then unreachable)))

  (func $some (param i64) (if (i64.lt_s (local.get 0) (i64.const 1)) (then unreachable)))

  ;; The first argument, and the own pid in its place.
  (func $begin (result i32) (local $at i32) (local $n i32)
    (call $ok (call $self_pid (i32.const 512)))
    (call $ok (call $args_get (i32.const 4096) (i32.const 4352)))
    (local.set $at (i32.load (i32.const 4100)))
    (loop $digit
      (local.set $n (i32.add (i32.mul (local.get $n) (i32.const 10))
        (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $digit (i32.load8_u (local.get $at))))
    (local.get $n))

  ;; Spawns an entry with so many bytes of own pid and what follows as arguments; its pid goes to 544.
  (func $start (param $entry i32) (param $entry_len i32) (param $flags i32) (param $args_len i32)
    (i32.store (i32.const 644) (local.get $flags))
    (i32.store (i32.const 656) (local.get $entry))
    (i32.store (i32.const 660) (local.get $entry_len))
    (call $ok (call $spawn (i32.const 640) (i32.const 512) (local.get $args_len) (i32.const 544) (i32.const 0))))

  (func $next
    (call $ok (call $receive (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 64) (i32.const 16) (i64.const -1))))

  ;; Answers the request whose MessageInfo stands here.
  (func $answer_to (param $info i32)
    (memory.copy (i32.const 592) (i32.add (local.get $info) (i32.const 32)) (i32.const 32))
    (i64.store (i32.const 624) (i64.load offset=24 (local.get $info)))
    (i64.store (i32.const 632) (i64.load offset=64 (local.get $info)))
    (call $ok (call $reply (i32.const 592) (i32.const 256) (i32.const 16) (i32.const 0))))

  (func (export "host_call") (local $n i32)
    (local.set $n (call $begin))
    (loop $again
      (call $ok (call $self_pid (i32.const 512)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; A message into a mailbox, which is emptied now and then.
  (func (export "enqueue") (local $n i32)
    (local.set $n (call $begin))
    (loop $again
      (call $ok (call $send (i32.const 512) (i32.const 256) (i32.const 16) (i32.const 0)))
      (if (i32.eqz (i32.and (local.get $n) (i32.const 1023))) (then (drop (call $flush))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; Off the fiber, through the scheduler, and back.
  (func (export "fiber_switch") (local $n i32)
    (local.set $n (call $begin))
    (loop $again
      (call $ok (call $yield_now))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; A handler that sends itself the next message.
  (func (export "handler_call") (local $n i32)
    (local.set $n (call $begin))
    (call $start (i32.const 1584) (i32.const 6) (i32.const 2) (i32.const 0))
    (i32.store (i32.const 256) (local.get $n))
    (call $ok (call $send (i32.const 544) (i32.const 256) (i32.const 16) (i32.const 0)))
    (call $next))
  (func (export "repeat") (param i32) (result i32) (local $n i32)
    (if (i32.load (i32.const 2048)) (then
      (call $ok (call $self_pid (i32.const 512)))
      (return (i32.const 0))))
    (local.set $n (i32.sub (i32.load (i32.const 2176)) (i32.const 1)))
    (i32.store (i32.const 2176) (local.get $n))
    (if (i32.eqz (local.get $n)) (then (return (i32.const 1))))
    (call $ok (call $send (i32.const 512) (i32.const 2176) (i32.const 16) (i32.const 0)))
    (i32.const 0))

  ;; Two processes: one sends 16 bytes, the other sends them back.
  (func (export "process_hop") (local $n i32)
    (local.set $n (call $begin))
    (call $start (i32.const 1536) (i32.const 4) (i32.const 0) (i32.const 0))
    (loop $again
      (call $ok (call $send (i32.const 544) (i32.const 256) (i32.const 16) (i32.const 0)))
      (call $next)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "echo")
    (loop $again
      (call $next)
      (call $ok (call $send (i32.const 48) (i32.const 256) (i32.const 16) (i32.const 0)))
      (br $again)))

  ;; A channel of this capacity in the n-th place.
  (func $channel (param $n i32) (param $capacity i32)
    (call $ok (call $channel_new (local.get $capacity) (i32.const 0)
      (i32.add (i32.const 3072) (i32.mul (local.get $n) (i32.const 16))))))
  ;; Spawns an entry with the receiver of the first channel and the sender of the second.
  (func $start_other_end (param $entry i32) (param $len i32)
    (i64.store (i32.const 4000) (i64.load (i32.const 3080)))
    (i64.store (i32.const 4008) (i64.load (i32.const 3088)))
    (i32.store (i32.const 736) (i32.const 4000)) (i32.store (i32.const 740) (i32.const 2))
    (call $start (local.get $entry) (local.get $len) (i32.const 0) (i32.const 0)))
  (func $take_handles
    (call $ok (call $start_args (i32.const 0) (i32.const 0) (i32.const 16)))
    (drop (call $message_handles (i32.const 3072) (i32.const 2))))
  ;; Sends 16 bytes, and parks only if it has to.
  (func $put (param $to i64)
    (call $ok (call $channel_send (local.get $to) (i32.const 256) (i32.const 16) (i32.const 0) (i64.const -1))))
  (func $get (param $from i64)
    (call $ok (call $channel_recv (local.get $from) (i32.const 256) (i32.const 256) (i32.const 16) (i64.const -1))))

  ;; Two processes meet at one channel, and at another for the way back.
  (func (export "rendezvous") (local $n i32)
    (local.set $n (call $begin))
    (call $channel (i32.const 0) (i32.const 0))
    (call $channel (i32.const 1) (i32.const 0))
    (call $start_other_end (i32.const 1616) (i32.const 5))
    (loop $again
      (call $put (i64.load (i32.const 3072)))
      (call $get (i64.load (i32.const 3096)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "meets")
    (call $take_handles)
    (loop $again
      (call $get (i64.load (i32.const 3072)))
      (call $put (i64.load (i32.const 3080)))
      (br $again)))

  ;; The same, but the way back is one of the ten channels of a select, and the others are idle.
  (func (export "select_10") (local $n i32) (local $at i32)
    (local.set $n (call $begin))
    (loop $more
      (call $channel (local.get $at) (i32.const 0))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 11))))
    (call $start_other_end (i32.const 1616) (i32.const 5))
    (local.set $at (i32.const 0))
    (loop $more
      (i32.store (i32.add (i32.const 5120) (i32.mul (local.get $at) (i32.const 24))) (i32.const 1))
      (i64.store (i32.add (i32.const 5128) (i32.mul (local.get $at) (i32.const 24)))
        (i64.load (i32.add (i32.const 3096) (i32.mul (local.get $at) (i32.const 16)))))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 10))))
    (loop $again
      (call $put (i64.load (i32.const 3072)))
      (call $ok (call $select (i32.const 5120) (i32.const 10) (i32.const 0) (i32.const 256) (i32.const 256)
        (i32.const 16) (i64.const -1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; Rounds of 1,024 values of 16 bytes through a channel that holds as many, many at once.
  (func (export "buffered") (local $left i32) (local $at i32) (local $sent i32)
    (local.set $left (i32.mul (call $begin) (i32.const 1024)))
    (call $channel (i32.const 0) (i32.const 1024))
    (call $channel (i32.const 1) (i32.const 0))
    (call $start_other_end (i32.const 1624) (i32.const 6))
    (loop $more
      (i32.store (i32.add (i32.const 8192) (i32.mul (local.get $at) (i32.const 32))) (i32.const 16))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 1024))))
    (loop $again
      (local.set $sent (i32.wrap_i64 (call $channel_fill (i64.load (i32.const 3072)) (i32.const 8192)
        (i32.mul (i32.const 32) (select (local.get $left) (i32.const 1024)
          (i32.lt_u (local.get $left) (i32.const 1024)))))))
      (if (i32.eqz (local.get $sent)) (then
        (call $put (i64.load (i32.const 3072)))
        (local.set $sent (i32.const 1))))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (local.get $sent))))))
  (func (export "drinks")
    (call $take_handles)
    (loop $again
      (call $get (i64.load (i32.const 3072)))
      (drop (call $channel_drain (i64.load (i32.const 3072)) (i32.const 8192) (i32.const 32768) (i32.const 1024)))
      (br $again)))

  ;; The same with two handlers; the first player ends when it has seen enough.
  (func (export "handler_hop") (local $n i32)
    (local.set $n (call $begin))
    (call $start (i32.const 1568) (i32.const 6) (i32.const 0) (i32.const 0))
    (memory.copy (i32.const 256) (i32.const 544) (i32.const 32))
    (i32.store (i32.const 288) (local.get $n))
    (call $start (i32.const 1568) (i32.const 6) (i32.const 2) (i32.const 0))
    (call $ok (call $send (i32.const 544) (i32.const 256) (i32.const 36) (i32.const 0)))
    (call $next))
  (func (export "player") (param $len i32) (result i32)
    (if (i32.load (i32.const 2048)) (then (return (i32.const 0))))
    (if (i32.eq (local.get $len) (i32.const 36)) (then
      (global.set $left (i32.load (i32.const 2208)))
      (call $ok (call $send (i32.const 2176) (i32.const 256) (i32.const 16) (i32.const 0)))
      (return (i32.const 0))))
    (global.set $left (i32.sub (global.get $left) (i32.const 1)))
    (if (i32.eqz (global.get $left)) (then (return (i32.const 1))))
    (call $ok (call $send (i32.const 2080) (i32.const 2176) (i32.const 16) (i32.const 0)))
    (i32.const 0))

  ;; A process asks a process.
  (func (export "call") (local $n i32)
    (local.set $n (call $begin))
    (call $start (i32.const 1544) (i32.const 6) (i32.const 0) (i32.const 0))
    (call $ask (local.get $n)))
  (func (export "answer")
    (loop $again
      (call $next)
      (call $answer_to (i32.const 16))
      (br $again)))
  (func $ask (param $n i32)
    (loop $again
      (call $ok (call $call (i32.const 544) (i32.const 256) (i32.const 16) (i32.const 0)
        (i32.const 256) (i32.const 64) (i32.const 16) (i64.const -1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; A process asks a handler.
  (func (export "call_handler") (local $n i32)
    (local.set $n (call $begin))
    (call $start (i32.const 1576) (i32.const 7) (i32.const 0) (i32.const 0))
    (call $ask (local.get $n)))
  (func (export "replier") (param i32) (result i32)
    (if (i32.eqz (i32.load (i32.const 2048))) (then (call $answer_to (i32.const 2048))))
    (i32.const 0))

  ;; Four senders, one receiver.
  (func (export "many_to_one") (local $n i32) (local $senders i32)
    (local.set $n (call $begin))
    (local.set $senders (i32.const 4))
    (loop $again
      (i32.store (i32.const 576) (i32.div_u (local.get $n) (i32.const 4)))
      (call $start (i32.const 1552) (i32.const 6) (i32.const 0) (i32.const 68))
      (br_if $again (local.tee $senders (i32.sub (local.get $senders) (i32.const 1)))))
    (loop $again
      (call $next)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "sender") (local $n i32)
    (call $ok (call $start_args (i32.const 512) (i32.const 68) (i32.const 0)))
    (local.set $n (i32.load (i32.const 576)))
    (loop $again
      (call $ok (call $send_wait (i32.const 512) (i32.const 256) (i32.const 16) (i32.const 0) (i64.const -1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; An actor that ends at once, in a slot that is warm, and its `Down`.
  (func (export "spawn_and_die") (local $n i32)
    (local.set $n (call $begin))
    (loop $again
      (call $start (i32.const 1560) (i32.const 5) (i32.const 2) (i32.const 0))
      (call $next)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "leave"))

  ;; So many actors that all live at once: each says that it runs, and waits.
  (func (export "spawn_cold")
    (call $crowd (i32.const 1592) (i32.const 4) (i32.const 0)))
  ;; The same, linked, so that the end of this one is the end of all; does not end by itself.
  (func (export "linked")
    (call $crowd (i32.const 1592) (i32.const 4) (i32.const 1))
    (call $next))
  ;; The same, each of which monitors this one, and ends when it is told of its end.
  (func (export "watched")
    (call $crowd (i32.const 1608) (i32.const 7) (i32.const 0))
    (call $next))
  (func $crowd (param $entry i32) (param $entry_len i32) (param $flags i32) (local $n i32) (local $left i32)
    (local.set $n (call $begin))
    (local.set $left (local.get $n))
    (loop $again
      (call $start (local.get $entry) (local.get $entry_len) (local.get $flags) (i32.const 0))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (loop $again
      (call $next)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "wait")
    (call $ok (call $parent (i32.const 512)))
    (call $ok (call $send (i32.const 512) (i32.const 256) (i32.const 16) (i32.const 0)))
    (call $next))
  (func (export "watcher")
    (call $ok (call $parent (i32.const 512)))
    (call $some (call $monitor (i32.const 512) (i32.const 0)))
    (call $ok (call $send (i32.const 512) (i32.const 256) (i32.const 16) (i32.const 0)))
    (call $next))

  ;; So many actors, each linked with the one that spawned it; the last one ends, and with it all of them.
  (func (export "chain")
    (drop (call $trap_exit (i32.const 1)))
    (i32.store (i32.const 576) (call $begin))
    (call $start (i32.const 1600) (i32.const 7) (i32.const 1) (i32.const 68))
    (call $next))
  (func (export "chained") (local $n i32)
    (call $ok (call $start_args (i32.const 512) (i32.const 68) (i32.const 0)))
    (local.set $n (i32.sub (i32.load (i32.const 576)) (i32.const 1)))
    (if (i32.eqz (local.get $n))
      (then (call $ok (call $exit (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))))
    (i32.store (i32.const 576) (local.get $n))
    (call $start (i32.const 1600) (i32.const 7) (i32.const 1) (i32.const 68))
    (call $next))

  ;; A link with an actor that waits, made and removed.
  (func (export "link_unlink") (local $n i32)
    (local.set $n (call $begin))
    (call $start (i32.const 1592) (i32.const 4) (i32.const 0) (i32.const 0))
    (call $next)
    (loop $again
      (call $ok (call $link (i32.const 544)))
      (call $ok (call $unlink (i32.const 544)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $ok (call $send (i32.const 544) (i32.const 256) (i32.const 16) (i32.const 0))))

  ;; A monitor on an actor that waits, made and removed.
  (func (export "monitor_demonitor") (local $n i32)
    (local.set $n (call $begin))
    (call $start (i32.const 1592) (i32.const 4) (i32.const 0) (i32.const 0))
    (call $next)
    (loop $again
      (if (i32.ne (i32.const 1) (call $cancel (call $monitor (i32.const 544) (i32.const 0)))) (then unreachable))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $ok (call $send (i32.const 544) (i32.const 256) (i32.const 16) (i32.const 0))))

  ;; A message to oneself, taken from behind a thousand others.
  (func (export "selective_receive") (local $n i32) (local $others i32)
    (local.set $n (call $begin))
    (local.set $others (i32.const 1000))
    (loop $again
      (call $ok (call $send (i32.const 512) (i32.const 256) (i32.const 16) (i32.const 0)))
      (br_if $again (local.tee $others (i32.sub (local.get $others) (i32.const 1)))))
    (loop $again
      (call $ok (call $send (i32.const 512) (i32.const 256) (i32.const 16) (i32.const 1024)))
      (call $ok (call $receive (i32.const 1152) (i32.const 1) (i32.const 256) (i32.const 64) (i32.const 16) (i64.const -1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; A timer that is due at once, and its message.
  (func (export "timer") (local $n i32)
    (local.set $n (call $begin))
    (loop $again
      (if (i64.lt_s (call $timer_start (call $now) (i64.const 0) (i32.const 0) (i32.const 256) (i32.const 0) (i32.const 0))
          (i64.const 1)) (then unreachable))
      (call $next)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; A timer that is taken back before it fires.
  (func (export "timer_cancel") (local $n i32)
    (local.set $n (call $begin))
    (loop $again
      (if (i32.ne (i32.const 1) (call $cancel (call $timer_start
          (i64.add (call $now) (i64.const 3600000000000)) (i64.const 0) (i32.const 0) (i32.const 256) (i32.const 0) (i32.const 0))))
        (then unreachable))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
)
