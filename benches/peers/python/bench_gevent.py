"""gevent: a greenlet per actor, a SimpleQueue per mailbox, one OS thread."""

import time

import gevent
from common import main, mark, report
from gevent.event import AsyncResult
from gevent.queue import SimpleQueue


def spawn(n):
    mark("base")
    start = time.perf_counter()
    ready = SimpleQueue()

    def idle(mailbox):
        ready.put(None)
        mailbox.get()

    greenlets = [gevent.spawn(idle, SimpleQueue()) for _ in range(n)]
    for _ in range(n):
        ready.get()
    report(start)
    mark("full")
    del greenlets


def ring(n, _laps):
    start = time.perf_counter()

    def forward(mailbox, following):
        following.put(mailbox.get() + 1)

    answer = following = SimpleQueue()
    for _ in range(n):
        mailbox = SimpleQueue()
        gevent.spawn(forward, mailbox, following)
        following = mailbox
    following.put(0)
    assert answer.get() == n
    report(start)


def pingpong(size, rounds):
    ping, pong = SimpleQueue(), SimpleQueue()

    def back():
        while True:
            sender, payload = pong.get()
            sender.put((pong, payload))

    gevent.spawn(back)
    payload = bytes(size)
    start = time.perf_counter()
    for _ in range(rounds):
        pong.put((ping, payload))
        _, payload = ping.get()
    report(start)


def fan(senders, each):
    start = time.perf_counter()
    sink = SimpleQueue()

    def source():
        for i in range(each):
            sink.put(i)

    for _ in range(senders):
        gevent.spawn(source)
    for _ in range(senders * each):
        sink.get()
    report(start)


def churn(total, window):
    start = time.perf_counter()
    inbox = SimpleQueue()
    for i in range(total):
        if i >= window:
            inbox.get()
        gevent.spawn(inbox.put, i)
    for _ in range(min(total, window)):
        inbox.get()
    report(start)


def call(calls):
    mailbox = SimpleQueue()

    def server():
        while True:
            x, reply = mailbox.get()
            reply.set(x + 1)

    gevent.spawn(server)
    start = time.perf_counter()
    for i in range(calls):
        reply = AsyncResult()
        mailbox.put((i, reply))
        assert reply.get() == i + 1
    report(start)


main({f.__name__: f for f in (spawn, ring, pingpong, fan, churn, call)})
