%% Erlang/OTP: plain processes; gen_server for the call workload.
-module(bench).
-behaviour(gen_server).
-export([main/1, init/1, handle_call/3, handle_cast/2]).

main([Workload | Args]) ->
    run(Workload, [list_to_integer(A) || A <- Args]),
    halt().

run("spawn", [N]) ->
    mark("base"),
    Start = now_us(),
    Me = self(),
    Pids = [spawn(fun() -> Me ! ready, receive stop -> ok end end) || _ <- lists:seq(1, N)],
    collect(N),
    report(Start),
    mark("full"),
    [P ! stop || P <- Pids];
run("ring", [N | _Laps]) ->
    Start = now_us(),
    First = lists:foldl(
        fun(_, Next) -> spawn(fun() -> receive X -> Next ! X + 1 end end) end,
        self(), lists:seq(1, N)),
    First ! 0,
    receive N -> report(Start) end;
run("pingpong", [Bytes, Rounds]) ->
    Pong = spawn(fun pong/0),
    Payload = binary:copy(<<7>>, Bytes),
    Start = now_us(),
    ping(Pong, Payload, Rounds),
    report(Start);
run("fan", [Senders, Each]) ->
    Start = now_us(),
    Me = self(),
    [spawn(fun() -> send(Me, Each) end) || _ <- lists:seq(1, Senders)],
    collect(Senders * Each),
    report(Start);
run("churn", [Total, Window]) ->
    Start = now_us(),
    Me = self(),
    churn(Me, Total, Window),
    collect(min(Total, Window)),
    report(Start);
run("echo", [Connections, Rounds]) ->
    Options = [binary, {active, false}, {nodelay, true}],
    {ok, Listener} = gen_tcp:listen(0, [{backlog, 1024} | Options]),
    {ok, Port} = inet:port(Listener),
    spawn(fun() -> accept(Listener) end),
    Connect = fun() -> {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, Options), S end,
    Sockets = [Connect() || _ <- lists:seq(1, Connections)],
    Start = now_us(),
    Me = self(),
    [hand_over(S, fun() -> client(S, Rounds div Connections), Me ! done end) || S <- Sockets],
    collect(Connections),
    report(Start);
run("call", [Calls]) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], []),
    Start = now_us(),
    call(Server, Calls),
    report(Start);
run("pairs", [Pairs, Rounds]) ->
    Start = now_us(),
    Me = self(),
    [spawn(fun() -> ping(spawn(fun pong/0), binary:copy(<<7>>, 16), Rounds), Me ! done end)
     || _ <- lists:seq(1, Pairs)],
    collect(Pairs),
    report(Start);
run("selective", [Unmatched, Rounds]) ->
    [self() ! {unmatched, I} || I <- lists:seq(1, Unmatched)],
    Me = self(),
    Echo = spawn(fun() -> wanted(Me) end),
    Start = now_us(),
    want(Echo, Rounds),
    report(Start);
run("timers", [N]) ->
    mark("base"),
    Start = now_us(),
    Timers = [erlang:send_after(3600000, self(), due) || _ <- lists:seq(1, N)],
    report(Start),
    mark("full"),
    [erlang:cancel_timer(T) || T <- Timers];
run("drift", [PeriodUs, Ticks]) ->
    Start = now_us(),
    {ok, _} = timer:send_interval(PeriodUs div 1000, tick),
    distribution(ticks(Start, PeriodUs, PeriodUs, Ticks));
run("neighbour", [Hogs, Probes, PeriodUs]) ->
    {ok, Server} = gen_server:start_link(?MODULE, [], []),
    1 = gen_server:call(Server, 0),
    [spawn(fun() -> spin(0) end) || _ <- lists:seq(1, Hogs)],
    distribution([probe(Server, PeriodUs) || _ <- lists:seq(1, Probes)]);
run("slice", [Hogs, Millis]) ->
    Me = self(),
    [spawn(fun() -> Me ! slices(Millis * 1000) end) || _ <- lists:seq(1, Hogs)],
    distribution(lists:append([receive Slices -> Slices end || _ <- lists:seq(1, Hogs)])).

now_us() -> erlang:monotonic_time(microsecond).

mark(Name) ->
    io:format("mark ~s~n", [Name]),
    timer:sleep(300).

report(Start) -> io:format("secs ~f~n", [(now_us() - Start) / 1.0e6]).

collect(0) -> ok;
collect(N) -> receive _ -> collect(N - 1) end.

pong() ->
    receive {From, Payload} -> From ! {self(), Payload}, pong() end.

ping(_, _, 0) -> ok;
ping(Pong, Payload, N) ->
    Pong ! {self(), Payload},
    receive {_, Back} -> ping(Pong, Back, N - 1) end.

send(_, 0) -> ok;
send(To, N) -> To ! N, send(To, N - 1).

churn(_, 0, _) -> ok;
churn(Me, Left, 0) ->
    receive _ -> churn(Me, Left, 1) end;
churn(Me, Left, Free) ->
    spawn(fun() -> Me ! Left end),
    churn(Me, Left - 1, Free - 1).

accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    hand_over(Socket, fun() -> echo(Socket) end),
    accept(Listener).

%% A socket has one owner, who waits until it is that.
hand_over(Socket, Serve) ->
    Owner = spawn(fun() -> receive yours -> Serve() end end),
    ok = gen_tcp:controlling_process(Socket, Owner),
    Owner ! yours.

echo(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, Bytes} -> ok = gen_tcp:send(Socket, Bytes), echo(Socket);
        {error, closed} -> ok
    end.

client(_, 0) -> ok;
client(Socket, N) ->
    ok = gen_tcp:send(Socket, binary:copy(<<7>>, 64)),
    {ok, _} = gen_tcp:recv(Socket, 64),
    client(Socket, N - 1).

call(_, 0) -> ok;
call(Server, N) ->
    M = N + 1,
    M = gen_server:call(Server, N),
    call(Server, N - 1).

init([]) -> {ok, none}.
handle_call(X, _, State) -> {reply, X + 1, State}.
handle_cast(_, State) -> {noreply, State}.

%% Asks for what is not the oldest in the mailbox.
want(_, 0) -> ok;
want(Echo, N) ->
    Echo ! N,
    receive {wanted, N} -> want(Echo, N - 1) end.

wanted(Caller) ->
    receive N -> Caller ! {wanted, N}, wanted(Caller) end.

%% How late each tick is; one that was left out is not waited for.
ticks(_, _, _, 0) -> [];
ticks(Start, Period, Due, Left) ->
    receive tick -> ok end,
    Elapsed = now_us() - Start,
    [Elapsed - Due | ticks(Start, Period, (Elapsed div Period + 1) * Period, Left - 1)].

probe(Server, PeriodUs) ->
    Due = now_us() + PeriodUs,
    timer:sleep(PeriodUs div 1000),
    1 = gen_server:call(Server, 0),
    now_us() - Due.

spin(N) -> spin((N * 31 + 1) band 16#ffffff).

%% Computes for a time and takes a gap between two looks at the clock for the end of a slice.
slices(Time) ->
    Now = now_us(),
    slices(Now + Time, Now, Now, []).

slices(End, Begin, Last, Slices) ->
    case now_us() of
        Now when Now >= End -> [Last - Begin | Slices];
        Now when Now - Last > 50 -> slices(End, Now, Now, [Last - Begin | Slices]);
        Now -> slices(End, Begin, Now, Slices)
    end.

%% Reports the middle, the tail and the longest of many times.
distribution(Times) ->
    Sorted = lists:sort([max(0, T) || T <- Times]),
    [io:format("~s ~.9f~n", [Name, lists:nth(1 + (length(Sorted) - 1) * Percent div 100, Sorted) / 1.0e6])
     || {Name, Percent} <- [{"p50", 50}, {"p99", 99}, {"max", 100}]].
