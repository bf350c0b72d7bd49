//! The probe: makes an offer, reports the outcome, speaks the new protocol.
//!
//! The exit status is 0 if the connection was switched, or if nothing was offered and a response
//! came. It is 2 if the server responded to the offer in HTTP/1.1, and 1 if something failed. A
//! CONNECT counts as an offer, and so does what is offered after a 426.

use std::error::Error as AnyError;
use std::fs::File;
use std::process::ExitCode;
use std::sync::Arc;

use switchover::Protocol;

use crate::ProbeArgs;
use crate::exchange::{Exchange, Outcome, names};
use crate::http2;
use crate::relay;
use crate::transcript::{Transcript, Verdict};

type Failure = Box<dyn AnyError>;

/// The exit status if the server responds to an offer or CONNECT in HTTP/1.1.
const NOT_SWITCHED: u8 = 2;

/// Runs the probe and returns its exit status.
///
/// The last line of the transcript, on standard error, is the outcome.
pub(crate) fn run(args: &ProbeArgs) -> ExitCode {
    let transcript = Arc::new(Transcript::of_probe(args.json));
    let code = probe(args, &transcript).unwrap_or_else(|failure| {
        transcript.conclude(Verdict::new("failed", format_args!("failed: {failure}")));
        ExitCode::FAILURE
    });
    transcript.close();
    code
}

fn probe(args: &ProbeArgs, transcript: &Arc<Transcript>) -> Result<ExitCode, Failure> {
    let tokens = args.offer.iter().map(|token| token.trim());
    let offer: Vec<String> = tokens.filter(|token| !token.is_empty()).map(String::from).collect();
    if let Some(body) = &args.body {
        File::open(body).map_err(|error| format!("{}: {error}", body.display()))?;
    }
    let mut exchange = Exchange::connect(args, transcript)?;
    let mut may_stay = offer.is_empty() && args.method() != "CONNECT";
    let mut outcome = exchange.ask(&offer)?;
    if let Outcome::Answered { status: 426 } = outcome
        && let Some((token, how)) = wanted(&exchange, &offer)
    {
        transcript.interim();
        let is_reused = exchange.http.state().next_cycle();
        let place = if is_reused { "the same" } else { "a new" };
        exchange.say(format_args!("offering {token} {how}, on {place} connection"));
        if !is_reused {
            exchange = Exchange::connect(args, transcript)?;
        }
        outcome = exchange.ask(&[token])?;
        may_stay = false;
    }
    match outcome {
        Outcome::Switched => speak(&mut exchange, args.raw).map(|()| ExitCode::SUCCESS),
        Outcome::AnsweredInTls => Ok(ExitCode::SUCCESS),
        Outcome::Answered { .. } if may_stay => Ok(ExitCode::SUCCESS),
        Outcome::Answered { .. } => Ok(ExitCode::from(NOT_SWITCHED)),
        Outcome::Failed => Ok(ExitCode::FAILURE),
    }
}

/// Returns the protocol to offer after a 426, and a word for the transcript.
///
/// Returns the first protocol in the 426 that was not offered (`instead`). If there is none and
/// several were offered, returns the first offered one that the 426 names (`alone`): many servers
/// do not understand a list. Returns `None` if neither exists.
fn wanted(exchange: &Exchange<'_>, offered: &[String]) -> Option<(String, &'static str)> {
    let required = exchange.http.required();
    exchange.say(match required.is_empty() {
        true => "the 426 does not say which protocol it wants".to_owned(),
        false => format!("the server wants {required}"),
    });
    let is_offered = |wanted: &Protocol<'_>| offered.iter().any(|token| names(token, wanted));
    let other = required
        .iter()
        .find(|wanted| !is_offered(wanted))
        .map(|wanted| (wanted.to_string(), "instead"));
    let is_required = |token: &&String| required.iter().any(|wanted| names(token, &wanted));
    let alone = || {
        offered
            .iter()
            .find(is_required)
            .filter(|_| offered.len() > 1)
            .map(|token| (token.clone(), "alone"))
    };
    let wanted = other.or_else(alone);
    if wanted.is_none() {
        exchange.say("there is nothing else to try");
    }
    wanted
}

fn speak(exchange: &mut Exchange<'_>, raw: bool) -> Result<(), Failure> {
    let (early, end) = exchange.take_early();
    // Names are compared without regard to case (RFC 9110 7.8).
    let agreed = exchange.http.agreed().to_string().to_ascii_lowercase();
    exchange.line.overhear(&exchange.transcript);
    let (line, timeout) = (&mut exchange.line, exchange.args.timeout());
    match agreed.as_str() {
        _ if raw => relay::pipe(line, &early, end)?,
        "websocket" => relay::messages(line, &early, end.is_some())?,
        "connect-udp" => relay::datagrams(line, &early, end)?,
        "h2c" => {
            let method = exchange.args.method();
            let status = http2::ask(line, &early, method, timeout)?;
            exchange.say(format_args!("stream 1 is answered: {status}"));
        }
        _ => relay::pipe(line, &early, end)?,
    }
    exchange.say("the new protocol is over");
    Ok(())
}
