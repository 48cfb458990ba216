"""Pykka: one ThreadingActor per actor, one OS thread each."""

import queue
import time

from common import main, mark, report
from pykka import ActorRegistry, ThreadingActor


class Idle(ThreadingActor):
    def __init__(self, ready):
        super().__init__()
        self.ready = ready

    def on_start(self):
        self.ready.put(None)


def spawn(n):
    mark("base")
    start = time.perf_counter()
    ready = queue.SimpleQueue()
    for _ in range(n):
        Idle.start(ready)
    for _ in range(n):
        ready.get()
    report(start)
    mark("full")
    ActorRegistry.stop_all(block=False)


class Forward(ThreadingActor):
    def __init__(self, next_):
        super().__init__()
        self.next = next_

    def on_receive(self, x):
        self.next.tell(x + 1)
        self.stop()


class Answer(ThreadingActor):
    """Hands what it is told to the main thread."""

    def __init__(self, queue_):
        super().__init__()
        self.queue = queue_

    def on_receive(self, message):
        self.queue.put(message)


def ring(n, _laps):
    start = time.perf_counter()
    answer = queue.SimpleQueue()
    last = following = Answer.start(answer)
    for _ in range(n):
        following = Forward.start(following)
    following.tell(0)
    assert answer.get() == n
    report(start)
    last.stop()


class Player(ThreadingActor):
    def __init__(self, left, done):
        super().__init__()
        self.left = left
        self.done = done

    def on_receive(self, message):
        sender, payload = message
        if self.left == 0:
            self.done.put(None)
        else:
            self.left -= 1
            sender.tell((self.actor_ref, payload))


def pingpong(size, rounds):
    done = queue.SimpleQueue()
    ping = Player.start(rounds - 1, done)
    pong = Player.start(rounds, done)
    start = time.perf_counter()
    pong.tell((ping, bytes(size)))
    done.get()
    report(start)
    ActorRegistry.stop_all(block=False)


class Sink(ThreadingActor):
    def __init__(self, left, done):
        super().__init__()
        self.left = left
        self.done = done

    def on_receive(self, _):
        self.left -= 1
        if self.left == 0:
            self.done.put(None)


class Source(ThreadingActor):
    def __init__(self, sink):
        super().__init__()
        self.sink = sink

    def on_receive(self, each):
        for i in range(each):
            self.sink.tell(i)


def fan(senders, each):
    start = time.perf_counter()
    done = queue.SimpleQueue()
    sink = Sink.start(senders * each, done)
    for _ in range(senders):
        Source.start(sink).tell(each)
    done.get()
    report(start)
    ActorRegistry.stop_all(block=False)


class Mayfly(ThreadingActor):
    def __init__(self, inbox):
        super().__init__()
        self.inbox = inbox

    def on_receive(self, i):
        self.inbox.put(i)
        self.stop()


def churn(total, window):
    start = time.perf_counter()
    inbox = queue.SimpleQueue()
    for i in range(total):
        if i >= window:
            inbox.get()
        Mayfly.start(inbox).tell(i)
    for _ in range(min(total, window)):
        inbox.get()
    report(start)


class Server(ThreadingActor):
    def on_receive(self, x):
        return x + 1


def call(calls):
    server = Server.start()
    start = time.perf_counter()
    for i in range(calls):
        assert server.ask(i) == i + 1
    report(start)
    server.stop()


main({f.__name__: f for f in (spawn, ring, pingpong, fan, churn, call)})
