//! Encoding of the 101 that accepts a protocol (RFC 9110, section 7.8).

use bytes::BufMut;

use super::response::write_interim;
use super::tidy::{self, Allowed};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::event::SwitchedBy;
use crate::machine::{Input, Role};
use crate::trace::TraceStep;
use crate::upgrade::{self, Proof, Protocols, Selection};
use crate::wire::encode::{self, EngineFields, StatusLine};
use crate::wire::memory::Draft;
use crate::wire::source::FieldSource;

impl Connection {
    pub(in crate::connection) fn accept_dyn(
        &mut self,
        selection: Selection,
        fields: &dyn FieldSource,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        let strict = self.accept_strict(selection, fields, out);
        let tidy = |_: &Self| tidy::response(fields, 101, Allowed::Nothing);
        self.retry_tidied(strict, tidy, |connection, fields| {
            connection.accept_strict(selection, fields, out)
        })
    }

    fn accept_strict(
        &mut self,
        selection: Selection,
        fields: &dyn FieldSource,
        out: &mut dyn BufMut,
    ) -> Result<(), Error> {
        self.require_role(Role::Server)?;
        if selection.cycle != self.cycle {
            return Err(Error::local(ErrorKind::StaleSelection));
        }
        let next = self.try_input(Input::Switch { early: selection.early })?;
        let mut agreed = core::mem::take(&mut self.scratch()?.agreed);
        let written = self.with_draft(|connection, draft| {
            connection.compose_accept(draft, selection, fields, &mut agreed)?;
            encode::write_draft(draft, b"", out)
        });
        self.scratch()?.agreed = agreed;
        written?;
        self.state = next;
        self.flags.owes_switched = Some(SwitchedBy::Upgrade);
        // After the switch there is no response that could advertise protocols.
        self.scratch()?.offer.clear();
        self.why = None;
        self.record(TraceStep::SentSwitch, 101);
        Ok(())
    }

    fn compose_accept(
        &self,
        draft: &mut Draft,
        selection: Selection,
        fields: &dyn FieldSource,
        agreed: &mut Draft,
    ) -> Result<(), Error> {
        if self.state.continue_unsent() {
            // RFC 9110 7.8: a 100 that is expected goes out before the 101.
            StatusLine::usual(100).put(draft);
            draft.extend_from_slice(b"\r\n");
        }
        StatusLine::usual(101).put(draft);
        let survey = write_interim(draft, fields, true)?;
        let request = self.kept_request().ok_or(Error::local(ErrorKind::NothingOffered))?;
        upgrade::write_selection(request, selection, agreed).map_err(Error::local)?;
        let answer =
            upgrade::accept_fields(request, Protocols::new(agreed), &survey.written(draft))
                .map_err(Error::local)?;
        let list = [core::str::from_utf8(agreed).unwrap_or_default()];
        let proof = answer.proof.as_ref().map(Proof::field);
        let added = EngineFields {
            markers: &answer.markers,
            proof,
            upgrade: &list,
            lowercase: self.config().lowercase_names,
            ..EngineFields::default()
        };
        encode::finish(draft, &survey, &added);
        Ok(())
    }
}
