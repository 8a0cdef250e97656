// An SMSC that speaks SMPP on loopback: a recipient's last four digits decide what becomes of its
// message. Says on which port it listens, then what it is sent, one line of JSON each.
import smpp from "smpp";

const OUTCOMES = {
  "0202": "UNDELIV",
  "0203": "EXPIRED",
  "0204": "REJECTD",
  "0205": "refused",
  "0206": "silence",
  "0207": "EXPIRED without text",
};
const EXPIRED = 3; // message_state

let sent = 0;

function say(what) {
  console.log(JSON.stringify(what));
}

function take(session, pdu) {
  const { message, udh } = pdu.short_message;
  say({
    to: pdu.destination_addr,
    text: message.toString(),
    reference: udh ? Buffer.concat(udh).toString("hex") : "",
    coding: pdu.data_coding,
    receipt: pdu.registered_delivery & 1,
    until: pdu.validity_period,
  });
  const outcome = OUTCOMES[pdu.destination_addr.slice(-4)] ?? "DELIVRD";
  if (outcome === "refused") {
    session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
    return;
  }
  const id = (++sent).toString(16);
  session.send(pdu.response({ message_id: id }));
  if (outcome !== "silence" && pdu.registered_delivery & 1) {
    session.deliver_sm({
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      ...receipt(id, outcome),
    });
  }
}

function receipt(id, outcome) {
  if (outcome === "EXPIRED without text") {
    return { receipted_message_id: id, message_state: EXPIRED };
  }
  const delivered = outcome === "DELIVRD" ? "001" : "000";
  const dates = "submit date:2611240830 done date:2611240831";
  return {
    short_message: `id:${id} sub:001 dlvrd:${delivered} ${dates} stat:${outcome} err:000 text:`,
  };
}

const server = smpp.createServer((session) => {
  session.on("bind_transceiver", (pdu) => session.send(pdu.response()));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("submit_sm", (pdu) => take(session, pdu));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on("error", () => {}); // Kannel was killed
});
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
