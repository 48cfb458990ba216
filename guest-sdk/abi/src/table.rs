//! The table of host calls: the only place where one is declared.
//!
//! Host registration, guest imports, native stubs, `docs/abi.md` and the coverage test all expand
//! [`for_each_host_call`], so that none of them can disagree with another.

/// Expands `$callback!` with one row per host call.
///
/// A row reads `<waits> fn <name>(<parameters>) -> <result> { since: <version>, handler: <yes|no>,
/// right: "<what it needs>", outcome: <own|outside> }`, under a doc comment of one form: what it
/// does, parameters, returns, traps, cancel safety.
///
/// - `immediate` never waits. `may_park` is answered at once on one node and may wait once its
///   route crosses to another; where it would have to wait, a handler gets `WOULD_PARK`. `parks`
///   waits until its deadline.
/// - `handler`: whether a handler may call it. A handler that makes a call marked `no` ends with
///   a trap that names the call.
/// - `outcome`: `own` when the result follows from the actor's own history, `outside` when it comes
///   from the world and a replay has to record it.
#[macro_export]
macro_rules! for_each_host_call {
    ($callback:ident) => {
        $crate::for_each_host_call! { $callback! {} }
    };
    ($callback:ident ! { $($extra:tt)* }) => {
        $callback! {
            $($extra)*

            /// Sends a message to an actor; never waits.
            ///
            /// Parameters: `to` a pid; `body`, `body_len` the bytes; `options` a `SendOptions` or 0.
            /// Returns `OK` (accepted, which is not yet processed), `NO_ACTOR`, `MAILBOX_FULL`, `TOO_LARGE`, `LIMIT`,
            /// `NOT_PERMITTED`, `INVALID_PID` or `NO_CONNECTION`. Traps on a bad pointer.
            immediate fn send(to: u32, body: u32, body_len: u32, options: u32) -> i32
                { since: 1, handler: yes, right: "send", outcome: outside }

            /// Sends a message to whoever holds a registered name; never waits.
            ///
            /// Parameters: `name`, `name_len` UTF-8; the rest as in `send`.
            /// Returns as `send`, and `NO_NAME`. Traps on a bad pointer.
            immediate fn send_named(name: u32, name_len: u32, body: u32, body_len: u32, options: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Sends a message, and parks while the receiver's mailbox is full.
            ///
            /// Parameters: as `send`; `deadline` in ns. Split form: `notify_room`.
            /// Returns as `send`, and `TIMED_OUT`; never `MAILBOX_FULL`. Traps on a bad pointer.
            /// Cancelling it sends nothing.
            parks fn send_wait(to: u32, body: u32, body_len: u32, options: u32, deadline: u64) -> i32
                { since: 1, handler: no, right: "send", outcome: outside }

            /// Asks for a message of kind `ROOM` as soon as an actor's mailbox has room for another one.
            ///
            /// Parameters: `to` a pid. Returns a reference (> 0), or `NO_ACTOR`, `NOT_PERMITTED`,
            /// `INVALID_PID`, `LIMIT`, `NO_CONNECTION`. Traps on a bad pointer.
            immediate fn notify_room(to: u32) -> i64
                { since: 1, handler: yes, right: "send", outcome: outside }

            /// Takes the first message that matches a filter out of the mailbox; parks until there is one.
            ///
            /// Parameters: `filters`, `filter_count` an array of `Filter`, of which one must match (count 0
            /// matches everything); `buffer`, `capacity` where the body goes; `info` a `MessageInfo` to
            /// fill; `deadline` in ns. A longer body is cut at `capacity`; `message_read` gives the rest.
            /// Returns `OK` or `TIMED_OUT`. Traps on a bad pointer. Cancelling it takes nothing.
            parks fn receive(filters: u32, filter_count: u32, buffer: u32, capacity: u32, info: u32, deadline: u64) -> i32
                { since: 1, handler: no, right: "", outcome: outside }

            /// Takes the first message that matches a filter out of the mailbox, if there is one; never waits.
            ///
            /// It costs less than `receive`, and is not in vain when the message before it said `MORE`.
            /// Parameters: as `receive`. Returns `OK` or `NONE`. Traps on a bad pointer.
            immediate fn poll(filters: u32, filter_count: u32, buffer: u32, capacity: u32, info: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Looks at the next message behind the cursor and leaves it where it is; parks until there is one.
            ///
            /// This is selective receive with the decision on the guest's side: `scan` until a message suits,
            /// then `scan_end(1)`. Parameters as in `receive`. Returns `OK` or `TIMED_OUT`. Traps on a bad
            /// pointer. Cancelling it moves nothing.
            parks fn scan(buffer: u32, capacity: u32, info: u32, deadline: u64) -> i32
                { since: 1, handler: no, right: "", outcome: outside }

            /// Ends a scan: moves the cursor to the front of the mailbox again.
            ///
            /// Parameters: `take` 1 to take the message that was looked at last, 0 to leave it.
            /// Returns `OK`, or `NONE` when there was nothing to take.
            immediate fn scan_end(take: u32) -> i32
                { since: 1, handler: no, right: "", outcome: own }

            /// Copies a part of the current message: what `receive`, `scan`, `call`, `wait`, `start_args` or a
            /// handler's call delivered last, as long as its buffer did not hold all of the body.
            ///
            /// Parameters: `offset` into the body; `buffer`, `len` where it goes.
            /// Returns the number of bytes copied, or `NONE` without a current message. Traps on a bad pointer.
            immediate fn message_read(offset: u32, buffer: u32, len: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Writes the `MessageInfo` of the current message, for a handler without an inbox.
            ///
            /// Parameters: `info` where it goes. Returns `OK`, or `NONE`. Traps on a bad pointer.
            immediate fn message_info(info: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Drops every message in the mailbox and returns how many there were.
            ///
            /// System signals are not messages and stay. Returns the number.
            immediate fn flush() -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Returns the number of messages that wait in the actor's own mailbox.
            immediate fn mailbox_len() -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Sends a request and parks until its reply, the callee's death or the deadline.
            ///
            /// Parameters: `to` a pid; `body`, `body_len`, `options` as in `send`; `buffer`, `capacity`, `info`
            /// where the reply goes, as in `receive`; `deadline` in ns. Split form: `request`.
            /// Returns `OK`; the refusals of `send`; `ACTOR_DIED` (the exit reason is in `info`, its detail in the
            /// buffer); `TIMED_OUT` (a later reply is dropped); `CALLED_SELF`; `LIMIT`. Traps on a bad
            /// pointer. Cancelling it drops the reply.
            parks fn call(to: u32, body: u32, body_len: u32, options: u32, buffer: u32, capacity: u32, info: u32, deadline: u64) -> i32
                { since: 1, handler: no, right: "send", outcome: outside }

            /// Sends a request whose completion comes later: `REPLY`, `DOWN` or `TIMEOUT` with this reference.
            ///
            /// Parameters: as in `call`; `delivery` is `MESSAGE` (the completion is a message) or `HELD` (it is
            /// kept for `wait`). Returns a reference (> 0), or as `call`. Traps on a bad pointer.
            immediate fn request(to: u32, body: u32, body_len: u32, options: u32, delivery: u32, deadline: u64) -> i64
                { since: 1, handler: yes, right: "send", outcome: outside }

            /// Answers a request; may be done later, and by an actor that the token was passed to.
            ///
            /// Parameters: `token` the 48 bytes sender, reference and reply tag of the request's `MessageInfo`;
            /// `body`, `body_len`, `options` as in `send`.
            /// Returns `OK` (also when nobody waits any more: the reply is dropped), `NO_ACTOR`, `TOO_LARGE`,
            /// `NOT_PERMITTED` (not a token of the host). Traps on a bad pointer.
            immediate fn reply(token: u32, body: u32, body_len: u32, options: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Parks until the completion of a `HELD` reference: a reply, or the end of a monitored actor.
            ///
            /// Parameters: `reference`; `buffer`, `capacity`, `info`, `deadline` as in `receive`.
            /// Returns `OK` (the reference is used up), `TIMED_OUT` (it is not) or `NO_REFERENCE`. Traps on a bad
            /// pointer. Cancelling it takes nothing.
            parks fn wait(reference: u64, buffer: u32, capacity: u32, info: u32, deadline: u64) -> i32
                { since: 1, handler: no, right: "", outcome: outside }

            /// Gives up a request, monitor, timer, room notice, select or lookup: no completion of it is seen any more.
            ///
            /// Parameters: `reference`. Returns 1 when it was still outstanding, 0 when its completion had come
            /// already (it is dropped if not yet taken, unless it is a select's) or the reference is unknown.
            immediate fn cancel(reference: u64) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Lists the actor's open references of one kind, the oldest first.
            ///
            /// Parameters: `kind` a `RefKind`; `buffer`, `count` room for that many u64.
            /// Returns how many there are in all. Traps on a bad pointer.
            immediate fn references(kind: u32, buffer: u32, count: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: own }

            /// Starts a new actor, which runs later and never inline.
            ///
            /// Parameters: `options` a `SpawnOptions`; `args`, `args_len` its arguments; `pid` where its
            /// pid goes, with all rights; `reference` where the reference of a monitor made at birth goes, or 0.
            /// Returns `OK`, `NO_MODULE`, `NO_ENTRY`, `NAME_TAKEN`, `LIMIT`, `TOO_LARGE`, `INVALID`, `NOT_GRANTED`,
            /// `SHUTTING_DOWN`. Traps on a bad pointer.
            may_park fn spawn(options: u32, args: u32, args_len: u32, pid: u32, reference: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Reads the arguments that the actor was spawned with, as a message of kind `START`.
            ///
            /// Parameters: `buffer`, `capacity`, `info` as in `receive`. Returns `OK`. Traps on a bad pointer.
            immediate fn start_args(buffer: u32, capacity: u32, info: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Writes the actor's own pid, with all rights.
            immediate fn self_pid(pid: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Writes the pid of the actor that spawned this one, which may be sent to and monitored.
            ///
            /// Returns `OK`, or `NONE` for an actor that the host itself spawned.
            immediate fn parent(pid: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Writes a pid with fewer rights: those it has and `rights` both.
            ///
            /// Returns `OK` or `INVALID_PID`. Traps on a bad pointer.
            immediate fn restrict(pid: u32, rights: u32, restricted: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Tells whether an actor is alive: 1, or 0.
            ///
            /// Returns 1, 0, `INVALID_PID` or `NO_CONNECTION`. Traps on a bad pointer.
            immediate fn is_alive(pid: u32) -> i32
                { since: 1, handler: yes, right: "any", outcome: outside }

            /// Ends the calling actor with a reason; does not return.
            ///
            /// Parameters: `tag` an `ExitTag` (`NORMAL`, `SHUTDOWN` or `ERROR`); `codec`, `detail`,
            /// `detail_len` the value. A value over the limit ends the actor with `LIMIT` instead.
            immediate fn exit(tag: u32, codec: u32, detail: u32, detail_len: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Sends an exit signal, as a link would.
            ///
            /// Parameters: `to` a pid; the reason as in `exit`. `NORMAL` ends only an actor that sends it to itself.
            /// Returns `OK` (also for a dead actor), `NOT_PERMITTED`, `INVALID_PID`, `TOO_LARGE`.
            immediate fn exit_signal(to: u32, tag: u32, codec: u32, detail: u32, detail_len: u32) -> i32
                { since: 1, handler: yes, right: "exit", outcome: outside }

            /// Ends an actor at once; it cannot be caught. Links and monitors see `KILLED`.
            ///
            /// Returns `OK` (also for a dead actor), `NOT_PERMITTED` or `INVALID_PID`.
            immediate fn kill(pid: u32) -> i32
                { since: 1, handler: yes, right: "exit", outcome: outside }

            /// Asks an actor to end with `SHUTDOWN` once it has seen the messages sent to it before.
            ///
            /// Returns `OK`, `NO_ACTOR`, `NOT_PERMITTED` or `INVALID_PID`.
            immediate fn stop(pid: u32) -> i32
                { since: 1, handler: yes, right: "exit", outcome: outside }

            /// Chooses whether a `stop` arrives as a message of kind `STOP` instead of ending the actor.
            ///
            /// Returns what was chosen before.
            immediate fn trap_stop(on: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Chooses whether exit signals arrive as messages of kind `EXIT` instead of ending the actor.
            ///
            /// Returns what was chosen before.
            immediate fn trap_exit(on: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Links two actors: the end of one is an exit signal to the other.
            ///
            /// Returns `OK` (a dead actor answers with an exit signal `NO_PROCESS`), `NOT_PERMITTED`,
            /// `INVALID_PID`, `LIMIT`.
            may_park fn link(pid: u32) -> i32
                { since: 1, handler: yes, right: "link", outcome: outside }

            /// Removes a link; once it has returned, no exit signal of that link is received: one that has come
            /// as a message and is not yet taken is dropped.
            ///
            /// Returns `OK` or `INVALID_PID`.
            immediate fn unlink(pid: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Watches an actor: its end, once, as `DOWN` with this reference; at once if it is dead.
            ///
            /// Parameters: `delivery` as in `request`. Removed by `cancel`.
            /// Returns a reference (> 0), `NOT_PERMITTED`, `INVALID_PID` or `LIMIT`.
            may_park fn monitor(pid: u32, delivery: u32) -> i64
                { since: 1, handler: yes, right: "monitor", outcome: outside }

            /// Gives an actor a name that nobody else holds.
            ///
            /// Parameters: `name`, `name_len` UTF-8; `pid` of a live actor.
            /// Returns `OK` (also when it has this name already), `NAME_TAKEN`, `NO_ACTOR`, `INVALID_PID`,
            /// `LIMIT`, `NOT_GRANTED`, `INVALID` (empty, too long, not UTF-8).
            may_park fn register(name: u32, name_len: u32, pid: u32) -> i32
                { since: 1, handler: yes, right: "any", outcome: outside }

            /// Takes a name away from whoever holds it. Returns `OK`, `NO_NAME` or `NOT_GRANTED`.
            immediate fn unregister(name: u32, name_len: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Writes the pid that was registered under a name, with the rights it was registered with.
            ///
            /// Returns `OK` or `NO_NAME`.
            may_park fn whereis(name: u32, name_len: u32, pid: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Writes an actor's names, sorted, each ended by a zero byte, as far as they fit.
            ///
            /// Returns the number of bytes they all take, or `INVALID_PID`.
            immediate fn names_of(pid: u32, buffer: u32, capacity: u32) -> i64
                { since: 1, handler: yes, right: "any", outcome: outside }

            /// Makes an actor a member of a group, which is there while it has members.
            ///
            /// An actor that joins again has to leave as often; it is one member all the same. It leaves all its
            /// groups at its end.
            /// Parameters: `name`, `name_len` UTF-8; `pid` of a live actor; `rights` that the members' pids of it
            /// carry, as far as `pid` has them. The latest rights count.
            /// Returns `OK`, `NO_ACTOR`, `NOT_PERMITTED`, `NOT_GRANTED`, `INVALID_PID`, `LIMIT`, `INVALID` (empty, too
            /// long, not UTF-8). Traps on a bad pointer.
            may_park fn group_join(name: u32, name_len: u32, pid: u32, rights: u32) -> i32
                { since: 1, handler: yes, right: "exit", outcome: outside }

            /// Takes one join of an actor back.
            ///
            /// Parameters: `name`, `name_len` and `pid` as in `group_join`.
            /// Returns `OK`, `NONE` (it is no member), `NOT_PERMITTED`, `INVALID_PID`. Traps on a bad pointer.
            may_park fn group_leave(name: u32, name_len: u32, pid: u32) -> i32
                { since: 1, handler: yes, right: "exit", outcome: outside }

            /// Lists members of a group in the order in which they were spawned, each once.
            ///
            /// Parameters: `name`, `name_len` UTF-8; `after` the serial of the pid behind which the list goes on,
            /// 0 at first; `buffer`, `count` room for that many pids, of which 1024 are written at most.
            /// Returns how many pids it wrote, with the rights they joined with; fewer than it could are the last.
            /// Traps on a bad pointer.
            may_park fn group_members(name: u32, name_len: u32, after: u64, buffer: u32, count: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Sends a message to members of a group, a copy to each, the sender included; never waits.
            ///
            /// One call goes on to a bounded number of members: it is made again until none is left.
            /// Parameters: `name`, `name_len` UTF-8; `body`, `body_len`, `options` as in `send`; `progress` a
            /// `Progress`, zeros at first, in which the call writes how far it came, how many members accepted the
            /// message and how many refused it.
            /// Returns 1 when there may be more members, 0 when there are none; `TOO_LARGE`, `LIMIT`, `INVALID`.
            /// Traps on a bad pointer.
            immediate fn group_broadcast(name: u32, name_len: u32, body: u32, body_len: u32, options: u32, progress: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Takes the handles that travel with the current message, which is current until the next one: those that
            /// are not taken are dropped with it.
            ///
            /// Parameters: `buffer`, `count` room for that many u64. Returns how many it wrote, in the order in which
            /// they were sent; `LIMIT` when the actor may not have so many, which takes none. Traps on a bad pointer.
            immediate fn message_handles(buffer: u32, count: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: own }

            /// Makes another handle for the same endpoint of a channel.
            ///
            /// Returns a handle (> 0), `NO_HANDLE`, `INVALID` (there can be only one of it) or `LIMIT`.
            immediate fn handle_clone(handle: u64) -> i64
                { since: 1, handler: yes, right: "", outcome: own }

            /// Gives a handle up, and what it stands for; the last endpoint of a side closes its channel.
            ///
            /// Returns `OK` or `NO_HANDLE`.
            immediate fn handle_close(handle: u64) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Makes a channel.
            ///
            /// Parameters: `capacity` values that it holds, 0 for a rendezvous; `overflow` an `Overflow`: what a send to a
            /// full channel does; `handles` where two u64 go, its sending and its receiving endpoint.
            /// Returns `OK`, `LIMIT` or `INVALID`. Traps on a bad pointer.
            immediate fn channel_new(capacity: u32, overflow: u32, handles: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }

            /// Sends a value, and parks until the channel has room or a receiver takes it.
            ///
            /// Parameters: `handle` a sending endpoint; `body`, `body_len`, `options` as in `send`; `deadline` in ns. Split
            /// form: `select_start`.
            /// Returns `OK`, `CLOSED` (also while parked), `TIMED_OUT`, `NO_HANDLE`, `TOO_LARGE`, `INVALID`, `LIMIT` (too many
            /// wait already, or no bytes are left). Traps on a bad pointer. Cancelling it sends nothing.
            parks fn channel_send(handle: u64, body: u32, body_len: u32, options: u32, deadline: u64) -> i32
                { since: 1, handler: no, right: "", outcome: outside }

            /// Sends a value if that needs no wait.
            ///
            /// Parameters: as `channel_send`. Returns `CHANNEL_FULL` where that would park, else the same.
            immediate fn channel_try_send(handle: u64, body: u32, body_len: u32, options: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Receives a value, and parks until there is one.
            ///
            /// Parameters: `handle` a receiving endpoint; `buffer`, `capacity`, `info`, `deadline` as in `receive`. What is
            /// received is a message of kind `SELECTED`. Split form: `select_start`.
            /// Returns `OK`, `CLOSED` (and nothing is left to be received), `TIMED_OUT`, `NO_HANDLE`, `LIMIT` (too many wait
            /// already). Traps on a bad pointer. Cancelling it takes nothing.
            parks fn channel_recv(handle: u64, buffer: u32, capacity: u32, info: u32, deadline: u64) -> i32
                { since: 1, handler: no, right: "", outcome: outside }

            /// Receives a value if there is one.
            ///
            /// Parameters: as `channel_recv`. Returns `NONE` where that would park, else the same.
            immediate fn channel_try_recv(handle: u64, buffer: u32, capacity: u32, info: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Does one of several operations, the first that can go ahead, and leaves the others as if they had never been
            /// tried; parks until one can.
            ///
            /// Parameters: `arms`, `count` an array of `Arm`, 64 at most; `flags` 0 or `BIASED`; `buffer`, `capacity`, `info`
            /// where what is received goes, as in `receive`; `deadline` in ns. Where several can go ahead, one is chosen
            /// at random. Split form: `select_start`.
            /// Returns the index of the arm; where its channel was closed, `info` has the flag `CLOSED`. `TIMED_OUT`,
            /// `NO_HANDLE`, `INVALID`, `TOO_LARGE`, `LIMIT`: none was done. Traps on a bad pointer. Cancelling it does
            /// nothing.
            parks fn select(arms: u32, count: u32, flags: u32, buffer: u32, capacity: u32, info: u32, deadline: u64) -> i32
                { since: 1, handler: no, right: "", outcome: outside }

            /// Starts a select whose completion comes later: `SELECTED`, or `TIMEOUT`, with this reference.
            ///
            /// `cancel` of the reference answers 1 when no arm was done, and none will; it answers 0 when one was, and the
            /// completion stays in the mailbox.
            /// Parameters: as `select`; no arm may be a mailbox. Returns a reference (> 0), or a status as `select`. Traps
            /// on a bad pointer.
            immediate fn select_start(arms: u32, count: u32, flags: u32, deadline: u64) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Sends many values at once, as many as need no wait, 1024 at most.
            ///
            /// Parameters: `handle` a sending endpoint; `body`, `body_len` the values, each behind its `ValueHeader`.
            /// Returns how many were sent, from the first on; `CLOSED`, `NO_HANDLE`, `TOO_LARGE` (the first is),
            /// `INVALID` (cut off in the middle of the first), `LIMIT`. Traps on a bad pointer.
            immediate fn channel_fill(handle: u64, body: u32, body_len: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Receives many values at once: those that are there and fit, 1024 at most.
            ///
            /// It stops before a value that handles travel with, which `channel_try_recv` takes.
            /// Parameters: `handle` a receiving endpoint; `buffer`, `capacity` where the values go, each behind its
            /// `ValueHeader`; `max` how many at most.
            /// Returns how many were received; `NONE` when there is none that could be, `CLOSED` (and nothing is left),
            /// `NO_HANDLE`, `TOO_LARGE` (the first does not fit). Traps on a bad pointer.
            immediate fn channel_drain(handle: u64, buffer: u32, capacity: u32, max: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Closes a channel for everybody, by either endpoint: what it holds stays to be received, and whoever waits to
            /// send is told.
            ///
            /// Returns 1, 0 when it was closed already, or `NO_HANDLE`.
            immediate fn channel_close(handle: u64) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Writes the `ChannelInfo` of the channel that a handle is an endpoint of.
            ///
            /// Parameters: `info` where it goes. Returns `OK` or `NO_HANDLE`. Traps on a bad pointer.
            immediate fn channel_info(handle: u64, info: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Makes a socket at an address: a TCP or Unix listener, or a UDP socket.
            ///
            /// Parameters: `kind` 0 TCP listener, 2 UDP, 3 Unix listener; `address`, `address_len` text, `ADDR:PORT` or a path.
            /// Returns a handle (> 0), `NOT_PERMITTED`, `ADDRESS_IN_USE`, `ADDRESS_NOT_AVAILABLE`, `NO_DESCRIPTORS`, `LIMIT`,
            /// `INVALID`, `IO`; `net_error` says more. Traps on a bad pointer.
            immediate fn net_bind(kind: u32, address: u32, address_len: u32) -> i64
                { since: 1, handler: yes, right: "net", outcome: outside }

            /// Connects to an address or a name, of which each address is tried in turn; parks until that is done.
            ///
            /// Parameters: `kind` 1 TCP, 2 UDP, 4 Unix; `address`, `address_len` text, `ADDR:PORT`, `NAME:PORT` or a path;
            /// `deadline` in ns. The policy is asked about each address that is tried.
            /// Returns a handle (> 0), `NOT_PERMITTED`, `CONNECTION_REFUSED`, `CONNECTION_RESET`, `UNREACHABLE`, `NAME_NOT_FOUND`,
            /// `TIMED_OUT`, `NO_DESCRIPTORS`, `LIMIT`, `INVALID`, `IO`. Traps on a bad pointer. Cancelling it leaves nothing.
            parks fn net_connect(kind: u32, address: u32, address_len: u32, deadline: u64) -> i64
                { since: 1, handler: no, right: "net", outcome: outside }

            /// Begins to connect; `net_ready` for writing tells when to ask `net_connected`.
            ///
            /// Parameters: `kind`, `address`, `address_len` as in `net_connect`, but for a name: `net_connect_next` is for those.
            /// Returns as `net_connect`. Traps on a bad pointer.
            immediate fn net_connect_start(kind: u32, address: u32, address_len: u32) -> i64
                { since: 1, handler: yes, right: "net", outcome: outside }

            /// The same over TCP, to the next of the addresses that a lookup has found.
            ///
            /// Parameters: `lookup` the reference of a `net_resolve_start`.
            /// Returns as `net_connect`; `NAME_NOT_FOUND` when all of them were tried, `WOULD_PARK` when the lookup is not over,
            /// `NO_REFERENCE`.
            immediate fn net_connect_next(lookup: u64) -> i64
                { since: 1, handler: yes, right: "net", outcome: outside }

            /// Tells whether a connection that was begun has come about.
            ///
            /// Parameters: `handle`. Returns `OK`, `WOULD_PARK`, `CONNECTION_REFUSED`, `CONNECTION_RESET`, `UNREACHABLE`,
            /// `TIMED_OUT`, `NO_HANDLE`, `IO`.
            immediate fn net_connected(handle: u64) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Accepts a connection of a listener; parks until there is one.
            ///
            /// Parameters: `handle` of a listener; `deadline` in ns. Split form: `net_ready`, then `net_try_accept`.
            /// Returns a handle (> 0), `TIMED_OUT`, `NO_HANDLE`, `NO_DESCRIPTORS` (the connection waits on), `LIMIT`, `INVALID`,
            /// `IO`. Cancelling it accepts nothing.
            parks fn net_accept(handle: u64, deadline: u64) -> i64
                { since: 1, handler: no, right: "", outcome: outside }

            /// Accepts a connection that waits.
            ///
            /// Returns as `net_accept`, and `WOULD_PARK` when there is none.
            immediate fn net_try_accept(handle: u64) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Reads from a socket; parks until something comes, or the end.
            ///
            /// Parameters: `handle`; `buffer`, `capacity` where it goes; `flags` 1 to leave it there (not with TLS);
            /// `deadline` in ns. Split form: `net_ready`, then `net_try_read`.
            /// Returns how many bytes, 0 at the end; `TIMED_OUT`, `CONNECTION_RESET`, `NOT_CONNECTED`, `NO_HANDLE`, `TLS`, `INVALID`,
            /// `IO`. Traps on a bad pointer. Cancelling it reads nothing.
            parks fn net_read(handle: u64, buffer: u32, capacity: u32, flags: u32, deadline: u64) -> i64
                { since: 1, handler: no, right: "", outcome: outside }

            /// Reads what is there.
            ///
            /// Returns as `net_read`, and `WOULD_PARK` when there is nothing. Traps on a bad pointer.
            immediate fn net_try_read(handle: u64, buffer: u32, capacity: u32, flags: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Writes to a socket as much as there is room for; parks until there is some.
            ///
            /// Parameters: `handle`; `buffer`, `len` the bytes; `deadline` in ns. Split form: `net_ready`, then `net_try_write`.
            /// Returns how many bytes; `TIMED_OUT`, `BROKEN_PIPE`, `CONNECTION_RESET`, `NOT_CONNECTED`, `NO_HANDLE`, `TLS`,
            /// `INVALID`, `IO`. Traps on a bad pointer. Cancelling it writes nothing.
            parks fn net_write(handle: u64, buffer: u32, len: u32, deadline: u64) -> i64
                { since: 1, handler: no, right: "", outcome: outside }

            /// Writes as much as there is room for.
            ///
            /// Returns as `net_write`, and `WOULD_PARK` when there is none. With 1 << 32 added, TLS keeps some of it until the
            /// socket takes it: a `net_write` of nothing parks until then. Traps on a bad pointer.
            immediate fn net_try_write(handle: u64, buffer: u32, len: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Sends a datagram.
            ///
            /// Parameters: `handle` of a UDP socket; `address`, `address_len` text, `ADDR:PORT`; the rest as in `net_write`.
            /// Returns as `net_write`, and `NOT_PERMITTED`. Traps on a bad pointer. Cancelling it sends nothing.
            parks fn net_send_to(handle: u64, address: u32, address_len: u32, buffer: u32, len: u32, deadline: u64) -> i64
                { since: 1, handler: no, right: "net", outcome: outside }

            /// Receives a datagram, the rest of a longer one is lost; parks until one comes.
            ///
            /// Parameters: `handle` of a UDP socket; `buffer`, `capacity` where it goes; `address` 64 bytes for the sender's address,
            /// text with zeros behind it; `deadline` in ns.
            /// Returns as `net_read`. Traps on a bad pointer. Cancelling it receives nothing.
            parks fn net_receive_from(handle: u64, buffer: u32, capacity: u32, address: u32, deadline: u64) -> i64
                { since: 1, handler: no, right: "", outcome: outside }

            /// Asks for a message of kind `READY` as soon as a socket can be read from or written to.
            ///
            /// Parameters: `handle`; `interest` a `NetReadiness`. Returns a reference (> 0), the same one until its message
            /// has come; `NO_HANDLE` or `INVALID`.
            immediate fn net_ready(handle: u64, interest: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Chooses whether what comes to a socket is put into the mailbox, as messages of kind `SOCKET`.
            ///
            /// While the mailbox is at its limit nothing is read. After the end or an error it is off.
            /// Parameters: `handle`; `mode` 0 off, 1 for `count` messages, 2 always; `chunk` how many bytes a message has at most,
            /// 0 for 64 KiB. Returns `OK`, `NO_HANDLE` or `INVALID`.
            immediate fn net_active(handle: u64, mode: u32, count: u32, chunk: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Ends a connection in one direction or both.
            ///
            /// Parameters: `handle`; `how` 0 reading, 1 writing (the peer sees the end), 2 both.
            /// Returns `OK`, `NOT_CONNECTED`, `NO_HANDLE`, `INVALID`; with TLS `WOULD_PARK` as long as there is no room to tell the
            /// peer: `net_ready` for writing tells when to call again.
            immediate fn net_shutdown(handle: u64, how: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Writes a socket's address as text, as far as it fits.
            ///
            /// Parameters: `handle`; `peer` 0 for its own, 1 for its peer's; `buffer`, `capacity` where it goes.
            /// Returns the length of all of it, `NOT_CONNECTED`, `NO_HANDLE`. Traps on a bad pointer.
            immediate fn net_address(handle: u64, peer: u32, buffer: u32, capacity: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Sets an option of a socket.
            ///
            /// Parameters: `handle`; `option` 0 nodelay (0 or 1), 1 keepalive (ns of silence, 0 for none), 2 broadcast (0 or 1),
            /// 3 time to live, 4 end with a reset (0 or 1), 5 keepalive (ns between two questions), 6 keepalive (how many
            /// questions), 7 how long what was written may stay unread (ns, 0 for as long as the system has it); `value`. Keepalive is
            /// in whole seconds, rounded up. Returns `OK`, `NO_HANDLE`, `INVALID`, `IO`.
            immediate fn net_option(handle: u64, option: u32, value: u64) -> i32
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Looks a name up, off the workers; parks until that is done.
            ///
            /// Parameters: `name`, `name_len` text, `NAME:PORT`; `buffer`, `capacity` where the addresses go, one on a line, as far as
            /// they fit; `deadline` in ns. Split form: `net_resolve_start`. Returns the length of all of them, `NAME_NOT_FOUND`,
            /// `NOT_PERMITTED`, `TIMED_OUT`. Traps on a bad pointer. Cancelling it looks nothing up.
            parks fn net_resolve(name: u32, name_len: u32, buffer: u32, capacity: u32, deadline: u64) -> i64
                { since: 1, handler: no, right: "net", outcome: outside }

            /// Begins to look a name up; a message of kind `READY` with this reference tells when to ask `net_resolved`.
            ///
            /// Parameters: `name`, `name_len` text, `NAME:PORT`. What was found is kept until `cancel` gives the reference up, or its
            /// actor ends. Returns a reference (> 0), `NOT_PERMITTED`, `LIMIT` (of references, or of 4,096 lookups under way), `INVALID`.
            /// Traps on a bad pointer.
            immediate fn net_resolve_start(name: u32, name_len: u32) -> i64
                { since: 1, handler: yes, right: "net", outcome: outside }

            /// Writes what a lookup has found.
            ///
            /// Parameters: `lookup` the reference; `buffer`, `capacity` as in `net_resolve`. Returns as that, `WOULD_PARK` when it is
            /// not over, `NO_REFERENCE`. Traps on a bad pointer.
            immediate fn net_resolved(lookup: u64, buffer: u32, capacity: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Encrypts a connection from now on; parks until both sides agree.
            ///
            /// Parameters: `handle` of a stream; `role` 0 client, 1 server; `name`, `name_len` of the server, for a client; `pem`,
            /// `pem_len` the certificates that a client trusts, or those that a server shows and its key; nothing for what the host
            /// has; `deadline` in ns. Returns `OK`, `TLS`, `TIMED_OUT`, `CONNECTION_RESET`, `NO_HANDLE`, `INVALID`. Traps on a bad
            /// pointer. Cancelling it leaves a connection that can only be closed;
            /// after `TIMED_OUT` another call goes on.
            parks fn net_tls(handle: u64, role: u32, name: u32, name_len: u32, pem: u32, pem_len: u32, deadline: u64) -> i32
                { since: 1, handler: no, right: "", outcome: outside }

            /// Writes what more there is to say of the last of these calls that failed, as far as it fits.
            ///
            /// Returns the length of all of it. Traps on a bad pointer.
            immediate fn net_error(buffer: u32, capacity: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: own }

            /// Parks until a deadline. Split form: `timer_start`. Returns `OK`.
            parks fn sleep(deadline: u64) -> i32
                { since: 1, handler: no, right: "", outcome: outside }

            /// Lets the other runnable actors run first. A handler yields by returning.
            parks fn yield_now() -> i32
                { since: 1, handler: no, right: "", outcome: outside }

            /// Sends a message at a later time, once or again and again.
            ///
            /// Parameters: `deadline` of the first; `period` between them in ns, or 0 for once; `to` a pid (also
            /// the actor's own), which sees a message of kind `MESSAGE`, or 0 for the actor itself, which
            /// sees one of kind `TIMER`; the message as in `send`. Its place in the receiver's mailbox is
            /// reserved now: it is not refused later. A tick that finds the one before still unread, or another
            /// actor's mailbox full, is left out. The timer ends with either actor.
            /// Returns a reference (> 0), or as `send`, or `LIMIT`.
            immediate fn timer_start(deadline: u64, period: u64, to: u32, body: u32, body_len: u32, options: u32) -> i64
                { since: 1, handler: yes, right: "send", outcome: outside }

            /// Returns the host's monotonic clock in ns.
            immediate fn now() -> u64
                { since: 1, handler: yes, right: "", outcome: outside }

            /// Copies the sentence that says what the actor was not granted last, as far as it fits.
            ///
            /// Parameters: `buffer`, `capacity` where it goes, UTF-8. Returns the number of bytes of all of it, or `NONE`.
            /// Traps on a bad pointer.
            immediate fn refusal(buffer: u32, capacity: u32) -> i64
                { since: 1, handler: yes, right: "", outcome: own }

            /// Leaves a panic's message and place for the exit reason; the trap that follows ends the actor.
            ///
            /// Parameters: two UTF-8 strings, each cut at the limit of a reason's detail.
            immediate fn panic_note(message: u32, message_len: u32, location: u32, location_len: u32) -> i32
                { since: 1, handler: yes, right: "", outcome: own }
        }
    };
}

/// A host call as WebAssembly text declares it, for guests that are written by programs.
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// The types of its parameters: `i32` or `i64`.
    pub params: &'static [&'static str],
    /// The type of its result.
    pub result: &'static str,
    /// Whether a handler may make it.
    pub in_handler: bool,
}

const fn lowered(ty: &str) -> &'static str {
    match ty.as_bytes() {
        b"u64" | b"i64" => "i64",
        _ => "i32",
    }
}

/// Lists the name and the signature of every host call, in the order of the table.
macro_rules! names {
    ($( $(#[$doc:meta])* $waits:ident fn $name:ident ( $($arg:ident : $ty:ty),* ) -> $ret:ty
        { since: $since:literal, handler: $handler:ident, right: $right:literal, outcome: $outcome:ident } )*) => {
        /// The name of every host call, in the order of the table.
        pub const HOST_CALLS: &[&str] = &[$(stringify!($name)),*];

        /// The signature of every host call, in the order of the table.
        pub const SIGNATURES: &[Signature] = &[$( Signature {
            name: stringify!($name),
            params: &[$( lowered(stringify!($ty)) ),*],
            result: lowered(stringify!($ret)),
            in_handler: matches!(stringify!($handler).as_bytes(), b"yes"),
        } ),*];
    };
}
for_each_host_call!(names);
