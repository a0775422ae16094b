"""What waits for a worker is taken in the right order and in batches of one kind."""

from __future__ import annotations

from engine.contract import Failure, Message, NerRequest, SentimentRequest, Task
from workers.mailbox import Batch, Mailbox, ModelsQuestion, Refusal, WarmUp


def test_requests_of_one_task_are_taken_together_oldest_first() -> None:
    mailbox = Mailbox()
    first, second, other = SentimentRequest(text="良い"), SentimentRequest(text="bad"), NerRequest(text="東京")
    for job_id, request in (("1", first), ("2", other), ("3", second)):
        mailbox.add(job_id, request)
    assert mailbox.take(8) == Batch((("1", first), ("3", second)))
    assert mailbox.take(8) == Batch((("2", other),))


def test_a_batch_is_no_larger_than_its_limit() -> None:
    mailbox = Mailbox()
    for number in range(5):
        mailbox.add(str(number), SentimentRequest(text="良い"))
    sizes = []
    for _ in range(3):
        batch = mailbox.take(2)
        assert isinstance(batch, Batch)
        sizes.append(len(batch.jobs))
    assert sizes == [2, 2, 1]


def test_a_cancelled_request_is_never_taken() -> None:
    mailbox = Mailbox()
    mailbox.add("1", SentimentRequest(text="良い"))
    mailbox.add("2", SentimentRequest(text="悪い"))
    mailbox.cancel("1")
    assert mailbox.take(8) == Batch((("2", SentimentRequest(text="悪い")),))


def test_questions_come_before_requests_and_requests_before_warming_up() -> None:
    mailbox = Mailbox()
    refusal = Refusal("4", Failure(code="bad_request", message=Message(ja="読めません", en="unreadable")))
    mailbox.warm_up([Task.NER])
    mailbox.add("1", NerRequest(text="東京"))
    mailbox.add_quick(ModelsQuestion("2"))
    mailbox.add_quick(refusal)
    assert mailbox.take(8) == ModelsQuestion("2")
    assert mailbox.take(8) == refusal
    assert mailbox.take(8) == Batch((("1", NerRequest(text="東京")),))
    assert mailbox.take(8) == WarmUp(Task.NER)
