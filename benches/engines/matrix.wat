;; Multiplies matrices of 256 by 256 numbers, 40 times over: two loads for each turn of a tight loop. For
;; docs/decisions/0007-two-memory-engines.md, which says how to run it.
(module
  (memory (export "memory") 32)
  (func $at (param $base i32) (param $row i32) (param $column i32) (result i32)
    (i32.add (local.get $base)
      (i32.shl (i32.add (i32.shl (local.get $row) (i32.const 8)) (local.get $column)) (i32.const 3))))
  (func $fill (param $base i32) (local $i i32)
    (loop $next
      (f64.store (i32.add (local.get $base) (i32.shl (local.get $i) (i32.const 3)))
        (f64.convert_i32_u (i32.rem_u (local.get $i) (i32.const 7))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 65536)))))
  (func $multiply (local $i i32) (local $j i32) (local $k i32) (local $a i32) (local $b i32) (local $sum f64)
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $sum (f64.const 0))
        (local.set $k (i32.const 256))
        (local.set $a (call $at (i32.const 0) (local.get $i) (i32.const 0)))
        (local.set $b (call $at (i32.const 524288) (i32.const 0) (local.get $j)))
        (loop $inner
          (local.set $sum (f64.add (local.get $sum)
            (f64.mul (f64.load (local.get $a)) (f64.load (local.get $b)))))
          (local.set $a (i32.add (local.get $a) (i32.const 8)))
          (local.set $b (i32.add (local.get $b) (i32.const 2048)))
          (br_if $inner (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (f64.store (call $at (i32.const 1048576) (local.get $i) (local.get $j)) (local.get $sum))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $columns (i32.lt_u (local.get $j) (i32.const 256))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $i) (i32.const 256)))))
  (func (export "_start") (local $rounds i32)
    (call $fill (i32.const 0))
    (call $fill (i32.const 524288))
    (local.set $rounds (i32.const 40))
    (loop $again
      (call $multiply)
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    ;; The first row's numbers are 0 to 6 over and over, as are the first column's in steps of 256.
    (if (f64.le (f64.load (i32.const 1048576)) (f64.const 0)) (then unreachable))))
