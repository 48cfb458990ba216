;; Actors as lean as they can be: one page of memory, of which they touch the beginning.
;;
;; 8 a pid, 64 the place of the inbox, 128 the options of a send (its codec and schema at 4), 192 two handles, 256 the
;; header of a message (its kind at 0, its codec and schema at 12, its sender at 32), 384 its body.
(module
    (import "flower" "start_args" (func $start_args (param i32 i32 i32) (result i32)))
    (import "flower" "parent" (func $parent (param i32) (result i32)))
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (import "flower" "send" (func $send (param i32 i32 i32 i32) (result i32)))
    (import "flower" "message_handles" (func $message_handles (param i32 i32) (result i64)))
    (import "flower" "channel_recv" (func $channel_recv (param i64 i32 i32 i32 i64) (result i32)))
    (import "flower" "channel_send" (func $channel_send (param i64 i32 i32 i32 i64) (result i32)))
    (memory (export "memory") 1)
    ;; A handler's events go to 256, and may have a body of 256 bytes.
    (data (i32.const 64) "\00\01\00\00\80\01\00\00")
    (global (export "flower_inbox") i32 (i32.const 64))

    (func $up
        (drop (call $parent (i32.const 8)))
        (drop (call $send (i32.const 8) (i32.const 384) (i32.const 0) (i32.const 0))))

    (func $next
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 384) (i32.const 8)
            (i32.const 256) (i64.const -1))))

    ;; Adds one to the number in the body, and passes it on.
    (func $pass_on
        (i64.store (i32.const 384) (i64.add (i64.load (i32.const 384)) (i64.const 1)))
        (drop (call $send (i32.const 8) (i32.const 384) (i32.const 8) (i32.const 0))))

    (func $starts (result i32)
        (i32.eq (i32.load (i32.const 256)) (i32.const 6)))

    (func (export "idle")
        (call $up)
        (call $next))

    ;; The arguments are a length of one byte and the pid of the next in the ring.
    (func (export "forward")
        (drop (call $start_args (i32.const 7) (i32.const 33) (i32.const 256)))
        (call $next)
        (call $pass_on))

    ;; The arguments carry a sender and a receiver: adds one to the number that is received, and sends it as what it was.
    (func (export "link")
        (drop (call $start_args (i32.const 384) (i32.const 64) (i32.const 256)))
        (drop (call $message_handles (i32.const 192) (i32.const 2)))
        (drop (call $channel_recv (i64.load (i32.const 200)) (i32.const 384) (i32.const 8) (i32.const 256)
            (i64.const -1)))
        (i64.store (i32.const 384) (i64.add (i64.load (i32.const 384)) (i64.const 1)))
        (memory.copy (i32.const 132) (i32.const 268) (i32.const 4))
        (memory.copy (i32.const 136) (i32.const 272) (i32.const 8))
        (drop (call $channel_send (i64.load (i32.const 192)) (i32.const 384) (i32.const 8) (i32.const 128)
            (i64.const -1))))

    (func (export "handle_idle") (param i32) (result i32)
        (if (call $starts) (then (call $up) (return (i32.const 0))))
        (i32.const 1))

    (func (export "handle_forward") (param i32) (result i32)
        (if (call $starts) (then
            (memory.copy (i32.const 7) (i32.const 384) (i32.const 33))
            (return (i32.const 0))))
        (call $pass_on)
        (i32.const 1)))
