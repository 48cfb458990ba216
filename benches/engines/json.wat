;; Reads a megabyte of JSON, 100 times over, byte by byte as a parser does: numbers are summed and names
;; hashed. For docs/decisions/0007-two-memory-engines.md, which says how to run it.
(module
  (memory (export "memory") 32)
  (data (i32.const 0) "{\"id\":12345,\"name\":\"a name\",\"n\":[1,20]},\n       ")
  (func $prepare (local $at i32)
    (local.set $at (i32.const 48))
    (loop $more
      (memory.copy (local.get $at) (i32.const 0) (i32.const 48))
      (local.set $at (i32.add (local.get $at) (i32.const 48)))
      (br_if $more (i32.lt_u (local.get $at) (i32.const 1048512)))))
  (func $string (param $at i32) (param $hash i32) (result i32) (local $byte i32)
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $hash (i32.mul (i32.xor (local.get $hash) (local.get $byte)) (i32.const 16777619)))
      (br_if $next (i32.ne (local.get $byte) (i32.const 34))))
    (i32.store (i32.const 1572864) (local.get $hash))
    (local.get $at))
  (func $read (result i64) (local $at i32) (local $byte i32) (local $number i64) (local $sum i64)
    (loop $next
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 48)) (i32.const 10))
        (then (local.set $number (i64.add (i64.mul (local.get $number) (i64.const 10))
          (i64.extend_i32_u (i32.sub (local.get $byte) (i32.const 48))))))
        (else
          (local.set $sum (i64.add (local.get $sum) (local.get $number)))
          (local.set $number (i64.const 0))
          (if (i32.eq (local.get $byte) (i32.const 34))
            (then (local.set $at (call $string (local.get $at) (i32.const 0x811c9dc5)))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 1048512))))
    (local.get $sum))
  (func (export "_start") (local $rounds i32)
    (call $prepare)
    (local.set $rounds (i32.const 100))
    (loop $again
      ;; 21,844 objects of 12,345, 1 and 20.
      (if (i64.ne (call $read) (i64.const 270122904)) (then unreachable))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))
