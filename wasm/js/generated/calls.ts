// Made from the glue's declarations by `wasm/build`; do not edit.
//
// Each function of the module, guarded. They are written out one by one, because compilers see through that.

import * as glue from "./glue.js";
import { alive, has, stopped } from "../engine/raw.js";

/** @internal */
type Raw = Omit<typeof glue, "initSync" | "default" | "exchange" | "stage">;

/** @internal The functions of the module, guarded. */
export const raw: Raw = {
  abandon(handle) {
    alive();
    try {
      return glue.abandon(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  accept(handle, selection, early, args) {
    alive();
    try {
      return glue.accept(handle, selection, early, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  advance(handle) {
    alive();
    try {
      return glue.advance(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  advertise(handle, args) {
    alive();
    try {
      return glue.advertise(handle, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  agreed(handle) {
    alive();
    try {
      return glue.agreed(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  agreed_deflate(args) {
    has("agreed_deflate");
    try {
      return glue.agreed_deflate(args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  authority(handle) {
    alive();
    try {
      return glue.authority(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  awaiting(handle) {
    alive();
    try {
      return glue.awaiting(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  capsules_finish(handle) {
    has("capsules_finish");
    try {
      return glue.capsules_finish(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  capsules_free(handle) {
    has("capsules_free");
    try {
      return glue.capsules_free(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  capsules_new(longest) {
    has("capsules_new");
    try {
      return glue.capsules_new(longest);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  capsules_next(handle) {
    has("capsules_next");
    try {
      return glue.capsules_next(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  capsules_receive(handle, octets) {
    has("capsules_receive");
    try {
      return glue.capsules_receive(handle, octets);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  check_http2(status, args) {
    has("check_http2");
    try {
      return glue.check_http2(status, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  close_after_response(handle) {
    alive();
    try {
      return glue.close_after_response(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  closing(handle) {
    alive();
    try {
      return glue.closing(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  commit(handle, len) {
    alive();
    try {
      return glue.commit(handle, len);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  configure_as(handle) {
    alive();
    try {
      return glue.configure_as(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  configure_flag(name, value) {
    alive();
    try {
      return glue.configure_flag(name, value);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  configure_lenient(name, value) {
    alive();
    try {
      return glue.configure_lenient(name, value);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  configure_limit(name, value) {
    alive();
    try {
      return glue.configure_limit(name, value);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  configure_nothing() {
    alive();
    try {
      return glue.configure_nothing();
    } catch (cause) {
      throw stopped(cause);
    }
  },
  content(handle) {
    alive();
    try {
      return glue.content(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  create(role) {
    alive();
    try {
      return glue.create(role);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  datagram_write(context, payload) {
    has("datagram_write");
    try {
      return glue.datagram_write(context, payload);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  deflate_text(server_forgets, client_forgets, server_bits, client_bits) {
    has("deflate_text");
    try {
      return glue.deflate_text(server_forgets, client_forgets, server_bits, client_bits);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  end_to_end(handle) {
    has("end_to_end");
    try {
      return glue.end_to_end(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  error_advice(code) {
    alive();
    try {
      return glue.error_advice(code);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  error_clause(code) {
    alive();
    try {
      return glue.error_clause(code);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  error_text(code) {
    alive();
    try {
      return glue.error_text(code);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  event(handle) {
    alive();
    try {
      return glue.event(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  extended_connect(handle, args) {
    has("extended_connect");
    try {
      return glue.extended_connect(handle, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  failure(handle) {
    alive();
    try {
      return glue.failure(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  forwardable(handle) {
    has("forwardable");
    try {
      return glue.forwardable(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  free(handle) {
    alive();
    try {
      return glue.free(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  hand_over(handle) {
    alive();
    try {
      return glue.hand_over(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  http1_fields(args) {
    has("http1_fields");
    try {
      return glue.http1_fields(args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  http2_fields(handle) {
    has("http2_fields");
    try {
      return glue.http2_fields(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  http2_request(handle) {
    has("http2_request");
    try {
      return glue.http2_request(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  ineligible_text(reason) {
    alive();
    try {
      return glue.ineligible_text(reason);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  ip_target(args) {
    has("ip_target");
    try {
      return glue.ip_target(args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  largest_limit(name) {
    alive();
    try {
      return glue.largest_limit(name);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  may_forward(args) {
    has("may_forward");
    try {
      return glue.may_forward(args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  may_speak(handle) {
    alive();
    try {
      return glue.may_speak(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  next_event(handle) {
    alive();
    try {
      return glue.next_event(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  owes(handle) {
    alive();
    try {
      return glue.owes(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  pass_content(handle, len) {
    alive();
    try {
      return glue.pass_content(handle, len);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  path(handle) {
    alive();
    try {
      return glue.path(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  persists(handle) {
    alive();
    try {
      return glue.persists(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  position(handle) {
    alive();
    try {
      return glue.position(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  prepared_content(handle) {
    alive();
    try {
      return glue.prepared_content(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  prepared_free(handle) {
    alive();
    try {
      return glue.prepared_free(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  prepared_new(status, has_reason, args, content) {
    alive();
    try {
      return glue.prepared_new(status, has_reason, args, content);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  prepared_status(handle) {
    alive();
    try {
      return glue.prepared_status(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  query(handle) {
    alive();
    try {
      return glue.query(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  reason(status) {
    alive();
    try {
      return glue.reason(status);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  receive(handle, bytes) {
    alive();
    try {
      return glue.receive(handle, bytes);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  receive_buffer(handle, min) {
    alive();
    try {
      return glue.receive_buffer(handle, min);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  receive_eof(handle, end) {
    alive();
    try {
      return glue.receive_eof(handle, end);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  receive_staged(handle, len) {
    alive();
    try {
      return glue.receive_staged(handle, len);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  reject(handle, status, has_reason, args, content) {
    alive();
    try {
      return glue.reject(handle, status, has_reason, args, content);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  release(handle) {
    alive();
    try {
      return glue.release(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  request(handle) {
    alive();
    try {
      return glue.request(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  require(handle, args) {
    alive();
    try {
      return glue.require(handle, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  required(handle) {
    alive();
    try {
      return glue.required(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  respond(handle, status, has_reason, args, content) {
    alive();
    try {
      return glue.respond(handle, status, has_reason, args, content);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  respond_prepared(handle, prepared) {
    alive();
    try {
      return glue.respond_prepared(handle, prepared);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  resume_http(handle) {
    alive();
    try {
      return glue.resume_http(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  same_protocol(args) {
    alive();
    try {
      return glue.same_protocol(args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  says_capsules(args) {
    has("says_capsules");
    try {
      return glue.says_capsules(args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  select(handle, args, by) {
    alive();
    try {
      return glue.select(handle, args, by);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  select_deflate(handle, server_forgets, client_forgets, server_bits, client_bits) {
    has("select_deflate");
    try {
      return glue.select_deflate(handle, server_forgets, client_forgets, server_bits, client_bits);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  select_subprotocol(handle, args, by) {
    has("select_subprotocol");
    try {
      return glue.select_subprotocol(handle, args, by);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  send_data(handle, data) {
    alive();
    try {
      return glue.send_data(handle, data);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  send_data_parts(handle, len) {
    alive();
    try {
      return glue.send_data_parts(handle, len);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  send_end(handle, args) {
    alive();
    try {
      return glue.send_end(handle, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  send_informational(handle, status, has_reason, args) {
    alive();
    try {
      return glue.send_informational(handle, status, has_reason, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  send_request(handle, args) {
    alive();
    try {
      return glue.send_request(handle, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  send_response(handle, status, has_reason, args) {
    alive();
    try {
      return glue.send_response(handle, status, has_reason, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  set_limits(handle) {
    alive();
    try {
      return glue.set_limits(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  skip_content(handle) {
    alive();
    try {
      return glue.skip_content(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_client_ended(handle) {
    has("splice_client_ended");
    try {
      return glue.splice_client_ended(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_client_sent(handle, octets) {
    has("splice_client_sent");
    try {
      return glue.splice_client_sent(handle, octets);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_engine_sent(handle, octets) {
    has("splice_engine_sent");
    try {
      return glue.splice_engine_sent(handle, octets);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_free(handle) {
    has("splice_free");
    try {
      return glue.splice_free(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_is_done(handle) {
    has("splice_is_done");
    try {
      return glue.splice_is_done(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_is_waiting(handle) {
    has("splice_is_waiting");
    try {
      return glue.splice_is_waiting(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_new(connection, content, args) {
    has("splice_new");
    try {
      return glue.splice_new(connection, content, args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_take_for_client(handle) {
    has("splice_take_for_client");
    try {
      return glue.splice_take_for_client(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_take_for_engine(handle) {
    has("splice_take_for_engine");
    try {
      return glue.splice_take_for_engine(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  splice_wants_client(handle) {
    has("splice_wants_client");
    try {
      return glue.splice_wants_client(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  state(handle) {
    alive();
    try {
      return glue.state(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  subprotocols(handle) {
    has("subprotocols");
    try {
      return glue.subprotocols(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  take_end(handle) {
    alive();
    try {
      return glue.take_end(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  take_leftover(handle) {
    alive();
    try {
      return glue.take_leftover(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  trace(handle) {
    alive();
    try {
      return glue.trace(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  udp_target(args) {
    has("udp_target");
    try {
      return glue.udp_target(args);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  unanswered(handle) {
    alive();
    try {
      return glue.unanswered(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  unread(handle) {
    alive();
    try {
      return glue.unread(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  unread_len(handle) {
    alive();
    try {
      return glue.unread_len(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  wants_input(handle) {
    alive();
    try {
      return glue.wants_input(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  websocket_key(nonce) {
    has("websocket_key");
    try {
      return glue.websocket_key(nonce);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  why(handle) {
    alive();
    try {
      return glue.why(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  why_text(why) {
    alive();
    try {
      return glue.why_text(why);
    } catch (cause) {
      throw stopped(cause);
    }
  },
};
