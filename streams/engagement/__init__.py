"""Rolling engagement counters: what an event adds, where it is kept, how it is read.

    batch ─► counting ─► deltas ─────► partition ─────► one act of the ledger ─► Redis ◄─ reader ◄─ exporter, console,
             (columns)   (by scope     (onto totals,                                                terminal
                         and minute)   logs, marks)

A *counting scope* is a combination of platform, brand, room, product and session; its *fields* are `r:` room, `p:`
product, `b:` brand, `f:` platform, each with its name: the id, with `@` and the platform behind it where another one
used the id of a room or product first (streams.events.identity). Every key below begins with
`<namespace>:engagement:{<topic>:<partition>}:`, so an input partition is one shard: only its owner writes it, it lies
in one slot of a cluster, and readers add shards up.

    minute:<m>                hash    field → totals     m = ms of event time // 60,000; kept 150 minutes
    hour:<h>                  hash    field → totals     kept 26 hours
    session:<name>            hash    `s` (the whole session) and products → totals; kept PULSEWATCH_SESSION_TTL_DAYS
    pending:<n>               string  what hours and sessions are still to be given (streams.engagement.pending)
    people:<bucket>:<field>   string  the bucket's people, where they are many (streams.engagement.people_logs)
    sessions:<field>          hash    a room's or product's session names → the last minute of each
    followers:<field>         sorted set  person → since when they follow, in ms; followers:session:<id> likewise
    marks:<day>               hash    subject of a streak or snapshot → its high-water mark; kept 3 days
    liked:<day>               hash    platform and room → what is known of the platform's total of likes; kept 3 days
    orders:<stretch>          hash    platform and order → how many records tell of it; kept 49 days (orders)
    owners:<stretch>          hash    id → the platform, or a session's room, that used it first; kept 33 days (owners)
    clock                     hash    watermark, and block:<n>, the watermark before block n of 65,536 offsets
    ledger                    hash    epoch, next        (streams.ledger)

An hour or a session is its totals and what is pending for it. Totals are a msgpack map of slot → number
(streams.engagement.dictionary), and of one slot → the bucket's people while they are few, a HyperLogLog as a log
(streams.engagement.hyperloglog). `clock` and `ledger` are small and stay; all else expires.
`<namespace>:engagement:partitions` is the set of shards.

An event's fate, decided in this order:

1. unreadable, or its fields contradict each other → dead letter
2. its id, which is its source's or its platform's, occurred in this or the last block → duplicate, counts nowhere
3. 24 hours older than the partition's newest     → late: counts in its session as `late`; a refund amends it besides
4. seen from another room                         → counts in `mirrors` alone
5. a retraction                                   → the event that it names is taken back from where it was counted,
                                                    once, whichever of the two comes first; people stay counted
6. all others                                     → counted as streams.engagement.dictionary says
"""
