//! Limits as flags of `run`.

use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::values::Size;
use crate::{ChildCompiler, Limits, StackClass};

/// Limits as flags; what is not given keeps its default.
#[derive(Args)]
pub(super) struct LimitFlags {
    /// Linear memory of one actor [default: 64M]
    #[arg(long, value_name = "SIZE")]
    memory_max: Option<Size>,
    /// Linear memory of all actors together [default: 64G]
    #[arg(long, value_name = "SIZE")]
    host_memory_max: Option<Size>,
    /// Elements of one table [default: 100000]
    #[arg(long, value_name = "N")]
    table_elements_max: Option<u64>,
    /// Bytes of one message [default: 16M]
    #[arg(long, value_name = "SIZE")]
    message_max: Option<Size>,
    /// Bytes of all messages that wait anywhere [default: 4G]
    #[arg(long, value_name = "SIZE")]
    host_message_bytes_max: Option<Size>,
    /// Messages in one mailbox [default: 65536]
    #[arg(long, value_name = "N")]
    mailbox_len_max: Option<u32>,
    /// Bytes in one mailbox [default: 16M]
    #[arg(long, value_name = "SIZE")]
    mailbox_bytes_max: Option<Size>,
    /// Actors of the host [default: 1048576]
    #[arg(long, value_name = "N")]
    actors_max: Option<u64>,
    /// Timers of one actor [default: 1048576]
    #[arg(long, value_name = "N")]
    timers_max: Option<u32>,
    /// Names of one actor [default: 64]
    #[arg(long, value_name = "N")]
    names_max: Option<u32>,
    /// Groups that one actor is in [default: 64]
    #[arg(long, value_name = "N")]
    groups_max: Option<u32>,
    /// Members of one group [default: 131072]
    #[arg(long, value_name = "N")]
    group_members_max: Option<u32>,
    /// Open requests and monitors of one actor [default: 65536]
    #[arg(long, value_name = "N")]
    references_max: Option<u32>,
    /// Links of one actor [default: 65536]
    #[arg(long, value_name = "N")]
    links_max: Option<u32>,
    /// Handles of one actor: endpoints of channels, and sockets [default: 131072]
    #[arg(long, value_name = "N")]
    handles_max: Option<u32>,
    /// Channels of all actors together [default: 1048576]
    #[arg(long, value_name = "N")]
    host_channels_max: Option<u64>,
    /// Values that one channel may have room for [default: 1048576]
    #[arg(long, value_name = "N")]
    channel_len_max: Option<u32>,
    /// Bytes in one channel [default: 16M]
    #[arg(long, value_name = "SIZE")]
    channel_bytes_max: Option<Size>,
    /// Who wait on one channel [default: 131072]
    #[arg(long, value_name = "N")]
    channel_waiters_max: Option<u32>,
    /// How long an actor may run without waiting, in milliseconds [default: no limit]
    #[arg(long, value_name = "MS")]
    run_time_max_ms: Option<u64>,
    /// How long a handler may take for one message, in milliseconds [default: 60000]
    #[arg(long, value_name = "MS")]
    handler_time_max_ms: Option<u64>,
    /// Memory for compiling one module, with --compile-apart [default: 1G]
    #[arg(long, value_name = "SIZE", requires = "compile_apart")]
    compile_memory_max: Option<Size>,
    /// Time for compiling one module, with --compile-apart, in milliseconds [default: 30000]
    #[arg(long, value_name = "MS", requires = "compile_apart")]
    compile_time_max_ms: Option<u64>,
    /// Stack of the main actor: 128 KiB for wasm frames, or nearly 2 MiB
    #[arg(long, value_name = "CLASS", default_value = "small")]
    stack: Stack,
}

// Comments on the variants would give every flag of the help a paragraph of its own.
#[derive(Clone, Copy, ValueEnum)]
enum Stack {
    Small,
    Large,
}

impl LimitFlags {
    /// This program itself, as a compiler with limits.
    pub(super) fn compiler(&self) -> anyhow::Result<ChildCompiler> {
        let program = std::env::current_exe().context("this program cannot find itself, to compile apart")?;
        let mut compiler = ChildCompiler::new(program);
        if let Some(Size(bytes)) = self.compile_memory_max {
            compiler = compiler.memory_max(bytes);
        }
        if let Some(ms) = self.compile_time_max_ms {
            compiler = compiler.time_max(Duration::from_millis(ms));
        }
        Ok(compiler)
    }

    /// The limits of the host.
    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        fn set<T, U: From<T>>(limit: &mut U, flag: Option<T>) {
            if let Some(value) = flag {
                *limit = value.into();
            }
        }
        let bytes = |size: Option<Size>| size.map(|Size(bytes)| bytes);
        set(&mut limits.memory_max, bytes(self.memory_max));
        set(&mut limits.host_memory_max, bytes(self.host_memory_max));
        set(&mut limits.table_elements_max, self.table_elements_max);
        set(
            &mut limits.message_bytes_max,
            bytes(self.message_max).map(|max| max.min(u32::MAX.into()) as u32),
        );
        set(&mut limits.host_message_bytes_max, bytes(self.host_message_bytes_max));
        set(&mut limits.mailbox_len_max, self.mailbox_len_max);
        set(&mut limits.mailbox_bytes_max, bytes(self.mailbox_bytes_max));
        set(&mut limits.actors_max, self.actors_max);
        set(&mut limits.timers_max, self.timers_max);
        set(&mut limits.names_max, self.names_max);
        set(&mut limits.groups_max, self.groups_max);
        set(&mut limits.group_members_max, self.group_members_max);
        set(&mut limits.references_max, self.references_max);
        set(&mut limits.links_max, self.links_max);
        set(&mut limits.handles_max, self.handles_max);
        set(&mut limits.host_channels_max, self.host_channels_max);
        set(&mut limits.channel_len_max, self.channel_len_max);
        set(&mut limits.channel_bytes_max, bytes(self.channel_bytes_max));
        set(&mut limits.channel_waiters_max, self.channel_waiters_max);
        let time = |ms: Option<u64>| ms.map(Duration::from_millis);
        set(&mut limits.run_time_max, time(self.run_time_max_ms));
        set(&mut limits.handler_time_max, time(self.handler_time_max_ms));
        limits
    }

    /// The stack of the main actor.
    pub(super) fn stack(&self) -> StackClass {
        match self.stack {
            Stack::Small => StackClass::Small,
            Stack::Large => StackClass::Large,
        }
    }
}
