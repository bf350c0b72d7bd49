//! Requests, one after the other, and the end.

use std::future::{Future, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, StatusCode};
use switchover::binding::{Memory, fill_request};
use switchover::{Awaiting, Content, Event, Next, ResponseHead};

use super::answer::{Answered, Kind};
use super::{Failure, Links, Question, Serving};
use crate::body::{Body, Channel};
use crate::config::Config;
use crate::error::{BoxError, Error};
use crate::handler::{Errors, Handler};
use crate::interim::Informer;
use crate::observe::Observed;
use crate::upgrade::{Chance, Upgraded};
use crate::wire::{Deadline, Wire};
use crate::{Transport, date, trace};

impl<'c, S: Transport, H: Handler, F: Future<Output = ()>> Serving<'c, S, H, F> {
    pub(super) fn new(wire: Wire<S>, handler: H, errors: Errors<H>, config: &'c Config, stop: Pin<&'c mut F>) -> Self {
        Self {
            wire,
            handler,
            errors,
            config,
            stop,
            is_stopping: false,
            handling: Deadline::default(),
            question: Question::default(),
            is_asked: false,
            memory: Memory::default(),
        }
    }

    /// Serves the connection to its end, from the question on if there is one already.
    pub(super) async fn run(mut self) -> Result<(), Error> {
        match self.requests().await {
            Ok(Some(chance)) => self.switch_over(&chance).await,
            Ok(None) => {
                self.wire.end().await;
                Ok(())
            }
            Err(Failure::Error(status, error)) => {
                self.refuse(status);
                self.wire.end().await;
                Err(error)
            }
            Err(Failure::Panic(panic)) => {
                self.refuse(StatusCode::INTERNAL_SERVER_ERROR);
                self.wire.end().await;
                resume_unwind(panic)
            }
        }
    }

    /// Serves requests until there are no more, or until the connection becomes something else.
    async fn requests(&mut self) -> Result<Option<Arc<Chance>>, Failure> {
        loop {
            if !mem::take(&mut self.is_asked) && !self.ask().await? {
                return Ok(None);
            }
            let Question { request, links } = &mut self.question;
            let (kind, span, mut links) = (Kind::of(request.method()), trace::exchange(request), mem::take(links));
            let answered = span.run(self.exchange(kind, &links)).await;
            span.tell(&mut self.wire.http);
            match answered? {
                Answered::Switched => return Ok(links.chance.take()),
                Answered::Whole if !self.wire.http.persists() => return Ok(None),
                Answered::Whole => {}
            }
        }
    }

    async fn exchange(&mut self, kind: Kind, links: &Links) -> Result<Answered, Failure> {
        poll_fn(|context| self.attend(context, links, |this, context| this.handler.poll_ready(context))).await?;
        // The handler's future ends before its response is sent.
        let (mut head, content) = {
            let call = || self.handler.call(mem::take(&mut self.question.request));
            let mut response = match catch_unwind(AssertUnwindSafe(call)) {
                Ok(response) => pin!(response),
                Err(panic) => return Err(Failure::Panic(panic)),
            };
            let polled = poll_fn(|context| self.attend(context, links, |_, context| response.as_mut().poll(context)));
            polled.await?.into_parts()
        };
        self.handling.clear();
        self.answer(&mut head, pin!(content), kind, links).await
    }

    // A request.

    /// Waits for the next question; false where there will be none.
    async fn ask(&mut self) -> Result<bool, Failure> {
        // Answers that are not taken are a reason to read no further request.
        poll_fn(|context| self.wire.poll_room(context)).await?;
        loop {
            match self.wire.http.next_event()? {
                Next::Event(Event::Request(request)) => {
                    self.question.fill(request, &mut self.memory, self.config.informs)?;
                    self.wire.clear();
                    self.question.add_content(&mut self.wire.http);
                    return Ok(true);
                }
                // The rest of a request that was answered without it.
                Next::Event(_) => {}
                Next::Paused(_) => return Ok(false),
                Next::NeedData => {
                    if !poll_fn(|context| self.poll_more(context)).await? {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Ready once more has come; false where nothing more is read.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        ready!(self.wire.poll_send(context))?;
        let is_idle = self.wire.is_idle();
        if is_idle && self.poll_stop(context) {
            return Poll::Ready(Ok(false));
        }
        let patience = &self.config.patience;
        match self.wire.http.awaiting() {
            Awaiting::Request => self.wire.wait_for_request(patience.idle),
            Awaiting::Content => self.wire.receiving.wait_for("content", patience.content),
            _ => self.wire.receiving.wait_for("the rest of a head", patience.head),
        };
        match self.wire.poll_receive(context) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(true)),
            // A client that has nothing more to ask may go as it likes.
            Poll::Ready(Err(_)) if is_idle => Poll::Ready(Ok(false)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                if self.wire.is_parked() {
                    self.memory = Memory::default();
                }
                Poll::Pending
            }
        }
    }

    /// Whether the server stops.
    pub(super) fn poll_stop(&mut self, context: &mut Context<'_>) -> bool {
        self.is_stopping = self.is_stopping || self.stop.as_mut().poll(context).is_ready();
        self.is_stopping
    }

    // Its handler.

    /// Polls the handler, and does meanwhile what the connection has to do.
    fn attend<T>(
        &mut self,
        context: &mut Context<'_>,
        links: &Links,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<Result<T, H::Error>>,
    ) -> Poll<Result<T, Failure>> {
        loop {
            if let Some(channel) = &links.channel {
                channel.attend();
            }
            let polled = catch_unwind(AssertUnwindSafe(|| poll(self, context)));
            if let Some(informer) = links.informer.as_ref().filter(|_| !self.wire.out.is_full()) {
                self.inform(informer.take(context));
            }
            match polled {
                Ok(Poll::Ready(Ok(outcome))) => return Poll::Ready(Ok(outcome)),
                Ok(Poll::Ready(Err(error))) => {
                    return Poll::Ready(Err(handler_failed((self.errors.of_handler)(error))));
                }
                Err(panic) => return Poll::Ready(Err(Failure::Panic(panic))),
                Ok(Poll::Pending) => {}
            }
            if !self.work(context, links.channel.as_deref())? {
                break;
            }
        }
        self.handling.wait_for("the handler", self.config.patience.handler);
        self.handling.poll_late(&mut self.wire.alarm, context).map(|_| {
            let error = Error::Handler("it has not answered in time".into());
            Err(Failure::Error(StatusCode::SERVICE_UNAVAILABLE, error))
        })
    }

    /// Interim responses, those that the client may get.
    fn inform(&mut self, responses: impl IntoIterator<Item = Response<()>>) {
        for response in responses {
            let head = ResponseHead::new(response.status().as_u16(), response.headers());
            // Refused is what the client does not know.
            let _ = self.wire.http.send_informational(&head, self.wire.out.text());
        }
    }

    /// What the connection does while your code works; whether your code has got what it waits for.
    pub(super) fn work(&mut self, context: &mut Context<'_>, channel: Option<&Channel>) -> Result<bool, Error> {
        if let Poll::Ready(Err(error)) = self.wire.poll_send(context) {
            return Err(error);
        }
        if let Some(channel) = channel.filter(|channel| channel.is_wanted(context)) {
            let Poll::Ready(frame) = self.wire.poll_content(context, self.config.patience.content) else {
                return Ok(false);
            };
            channel.give(frame);
            return Ok(true);
        }
        // To learn that the client has gone. What it sends beyond its request waits here until that is answered.
        let may_read = |http: &Observed| http.awaiting() == Awaiting::Caller && http.wants_input();
        while may_read(&self.wire.http)
            && let Poll::Ready(received) = self.wire.poll_receive(context)
        {
            received?;
            if self.wire.has_ended() && !self.config.half_close {
                return Err(Error::gone("the client has gone"));
            }
        }
        Ok(false)
    }

    // The end.

    /// Answers what cannot be served, where that can still be done.
    fn refuse(&mut self, status: StatusCode) {
        let (http, out) = (&mut self.wire.http, self.wire.out.text());
        let refused = date::with_line(self.config.date, |date| {
            let head = ResponseHead::new(status.as_u16(), &date);
            http.reject(&head, b"", out)
        });
        if refused.is_err() {
            // A response has begun, or the connection is over already.
            let _ = http.abandon();
        }
    }

    /// The connection is the new protocol's.
    async fn switch_over(mut self, chance: &Chance) -> Result<(), Error> {
        let taker = chance.taker().ok_or(Error::Misuse("nothing takes the connection over"))?;
        self.wire.flush().await?;
        self.wire.http.next_event()?;
        #[cfg_attr(not(feature = "h2c"), expect(unused_mut))]
        let mut upgraded = Upgraded::new(self.wire.stream.boxed(), self.wire.http);
        #[cfg(feature = "h2c")]
        {
            upgraded.splice = chance.splice();
        }
        taker(upgraded).await;
        Ok(())
    }
}

impl Question {
    fn fill(&mut self, received: switchover::Request<'_>, memory: &mut Memory, informs: bool) -> Result<(), Failure> {
        let Self { request, links } = self;
        // A target that is legal on the wire and none for `http`, which has no words for it.
        fill_request(request, received, memory)
            .map_err(|error| Failure::Error(StatusCode::BAD_REQUEST, Error::Handler(error.into())))?;
        links.chance = Chance::of(&received, request.method());
        if let Some(chance) = &links.chance {
            Arc::clone(chance).put_into(request.extensions_mut());
        }
        links.informer = informs.then(Informer::new);
        if let Some(informer) = &links.informer {
            request.extensions_mut().insert(informer.clone());
        }
        Ok(())
    }

    /// What there is of its content already, or where it will come from.
    fn add_content(&mut self, http: &mut Observed) {
        if http.take_end() {
            return;
        }
        let left = match http.content() {
            Content::Length(length) => Some(length),
            _ => None,
        };
        if left.is_some_and(|length| length <= http.unread().len() as u64) {
            // All of it is there: one event, and no other can be in the way.
            if let Ok(Next::Event(Event::Data(data))) = http.next_event() {
                *self.request.body_mut() = Bytes::copy_from_slice(data).into();
                http.take_end();
                return;
            }
        }
        let channel = Arc::new(Channel::new(left));
        *self.request.body_mut() = Body::coming(channel.clone());
        self.links.channel = Some(channel);
    }
}

/// An error of the handler's, with its answer: where it comes from the request's body, the one that the client has earned.
fn handler_failed(error: BoxError) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*error);
    while let Some(known) = cause {
        // What a client of the handler's own has met is no fault of this one's.
        if let Some(own @ Error::Content(_)) = known.downcast_ref::<Error>() {
            return Failure::Error(own.status(), Error::Handler(error));
        }
        cause = known.source();
    }
    Failure::Error(StatusCode::INTERNAL_SERVER_ERROR, Error::Handler(error))
}
