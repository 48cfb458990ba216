//! Bombs of stack: deep recursion of every kind, in every class and style.

use flower_abi::exit::LimitCode;
use flower_host::{ExitReason, Spawn, StackClass};

use super::attacker;
use crate::oracle::{Arena, expect, withstand};

/// A function that calls itself in each of these ways; the result is used, so that no call is a jump.
const WAYS: &[(&str, &str)] = &[
    ("plain", "(call $plain (local.get 0))"),
    ("indirect", "(call_indirect (param i32) (result i32) (local.get 0) (i32.const 0))"),
    ("host", "(i32.add (call $self_pid (i32.const 64)) (call $host (local.get 0)))"),
    ("wide", "(call $wide (local.get 0))"),
];

fn bomb() -> String {
    let functions: String = WAYS.iter().map(function).collect();
    let entries: String = WAYS.iter().map(|(name, _)| entries(name)).collect();
    format!("(table 1 funcref) (elem (i32.const 0) $indirect) {functions}{entries}")
}

fn function((name, again): &(&str, &str)) -> String {
    if *name != "wide" {
        return format!("(func ${name} (param i32) (result i32) (i32.add (i32.const 1) {again}))");
    }
    // Many values that live across the call make a large frame.
    let keep: String =
        (1..=200).map(|at| format!("(local.set {at} (i64.load (i32.const {})))", at * 8)).collect();
    let add: String = (1..=200).map(|at| format!("(i64.add (local.get {at}))")).collect();
    let locals = "(local i64)".repeat(200);
    format!(
        "(func $wide (param i32) (result i32) {locals} {keep}
            (i64.extend_i32_u {again}) {add} (i32.wrap_i64))"
    )
}

/// A process that waits to be told, and a handler that takes its start for nothing.
fn entries(name: &str) -> String {
    format!(
        "(func (export \"process_{name}\") (call $go) (drop (call ${name} (i32.const 0))))
         (func (export \"handler_{name}\") (param i32) (result i32)
             (drop (call $message_info (i32.const 8192)))
             (if (i32.eq (i32.load (i32.const 8192)) (i32.const 6)) (then (return (i32.const 0))))
             (call ${name} (i32.const 0)))\n"
    )
}

#[test]
fn recursion_of_every_kind_meets_the_limit() {
    withstand(async |arena: &Arena| {
        let bomb = attacker(arena, &bomb());
        for class in [StackClass::Small, StackClass::Large] {
            let mut bombs = Vec::new();
            for (name, _) in WAYS {
                for style in ["process", "handler"] {
                    let spawn = Spawn::entry(&bomb, &format!("{style}_{name}")).stack(class);
                    bombs.push(arena.watched(spawn).await);
                }
            }
            bombs.iter().for_each(|bomb| bomb.begin());
            for bomb in bombs {
                let stack =
                    |reason: &ExitReason| matches!(reason, ExitReason::Limit { code: LimitCode::STACK, .. });
                expect(&*bomb.end().await, stack);
            }
        }
    });
}
