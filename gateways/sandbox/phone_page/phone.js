// One phone of the sandbox: asks the sandbox only, on this machine. Everything shown is set as text, never as markup.
"use strict";

const $ = (id) => document.getElementById(id);
const state = { person: null, account: "", miniapp: "", templates: {}, shown: "" };

async function ask(path, body) {
  const asked = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(path, asked);
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 200));
  return answer.json();
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function button(text, act, className) {
  const made = element("button", text, className);
  made.type = "button";
  made.addEventListener("click", () => attempt(act));
  return made;
}

async function attempt(act) {
  try {
    $("trouble").textContent = "";
    await act();
    await look();
  } catch (trouble) {
    $("trouble").textContent = "没有成功：" + trouble.message;
  }
}

const mine = (what, more) => ask(`/sandbox/users/${state.person}/${what}`, { appid: state.account, ...more });

const EVENTS = { subscribe: "关注了公众号", unsubscribe: "取消了关注", SCAN: "扫了海报上的码", CLICK: "点了菜单" };

function line(one) {
  if (one.kind === "said" && one.event !== null) {
    const name = EVENTS[one.event] || one.event;
    return bubble("event", one.text ? `${name}：${names[one.text] || one.text}` : name);
  }
  if (one.kind === "said") return bubble("said", one.text);
  if (one.kind === "system") return bubble("event", one.text);
  return bubble("told", one.text);
}

function bubble(className, text) {
  const made = element("li", undefined, className === "event" ? "said event" : className);
  made.append(element("span", text));
  return made;
}

function card(title, rows, at, text) {
  const made = element("li", undefined, "card");
  made.append(element("h3", title));
  const list = element("dl");
  for (const [name, value] of rows) list.append(element("dt", fieldName(name)), element("dd", value));
  made.append(rows.length ? list : element("p", text), element("time", clock(at)));
  return made;
}

// WeChat tells a field by its key; the words before it are chosen with the template, and shown by the real app only.
const FIELDS = {
  thing: "内容", time: "时间", date: "日期", character_string: "编号", phrase: "状态", name: "姓名", number: "数量",
  phone_number: "电话", amount: "金额", const: "类别",
};
const fieldName = (key) => FIELDS[key.replace(/[0-9]+$/, "")] || key;

function filled(id, items, nothing) {
  $(id).replaceChildren(...(items.length ? items : [element("li", nothing, "nothing")]));
}

const clock = (at) => new Date(at).toLocaleString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });
const names = {};

function menuOf(menu) {
  const made = (menu.button || []).map((one) => {
    const part = element("details");
    const inside = element("div");
    part.append(element("summary", one.name), inside);
    for (const each of one.sub_button && one.sub_button.length ? one.sub_button : [one]) {
      names[each.key] = each.name;
      inside.append(button(each.name, async () => { part.open = false; await mine("click", { key: each.key }); }));
    }
    part.addEventListener("toggle", () => {
      if (part.open) for (const other of $("menu").children) if (other !== part) other.open = false;
    });
    return part;
  });
  $("menu").replaceChildren(...made);
}

function prompts(balances) {
  const asked = (id, what, more) => ask(`/sandbox/users/${state.person}/${what}`, { appid: state.miniapp, template_ids: [id], ...more });
  $("prompts").replaceChildren(...Object.entries(state.templates).map(([id, title]) => {
    const row = element("li");
    row.append(
      element("span", `${title}（还可发 ${balances[id] || 0} 条）`),
      button("允许", () => asked(id, "subscribe", { accept: true }), "small"),
      button("拒绝", () => asked(id, "subscribe", { accept: false }), "small plain"),
      button("关闭", () => asked(id, "refuse", {}), "small plain"),
    );
    return row;
  }));
}

async function look() {
  const told = await ask(`/sandbox/phone/${state.person}`);
  const now = JSON.stringify(told);
  if (now === state.shown) return;
  state.shown = now;
  menuOf(told.menu);
  prompts(told.balances);
  $("follow").hidden = told.follows;
  filled("talk", told.chat.map(line), told.follows
    ? "说一句话试试，例如：指南、预约、进度、投诉；也可以点下面的菜单。"
    : "先点右上角“关注公众号”，再说一句话，例如：指南。");
  $("talk").scrollTop = $("talk").scrollHeight;
  filled("arrived", told.notices.map((one) =>
    card(state.templates[one.template_id] || one.template_id, one.rows, one.at)).reverse(),
    "还没有通知。关注公众号，或者在右边允许一条，通知就会到这里；否则发短信。");
  filled("texts", told.sms.map((one) => card("短信", [], one.at, one.text)).reverse(), "还没有短信。");
  $("count-notices").textContent = told.notices.length || "";
  $("count-sms").textContent = told.sms.length || "";
}

function choose(person) {
  state.person = person;
  state.shown = "";
  $("person").value = person;
  return look();
}

async function people(chosen) {
  const told = await ask("/sandbox/phone");
  Object.assign(state, { account: told.account, miniapp: told.miniapp, templates: told.templates });
  $("person").replaceChildren(...told.people.map((one) => {
    const made = element("option", one.nickname);
    made.value = one.user;
    return made;
  }));
  $("posters").replaceChildren(...Object.entries(told.posters).map(([scene, name]) => {
    const made = element("option", name);
    made.value = scene;
    return made;
  }));
  $("scene").value = Object.keys(told.posters)[0] || "";
  $("place").replaceChildren(...Object.entries(told.places).map(([name, at]) => {
    const made = element("option", name);
    made.value = at.join(",");
    return made;
  }));
  await choose(chosen || told.people[0].user);
}

function tab(name) {
  for (const each of ["chat", "notices", "sms"]) {
    $(each).hidden = each !== name;
    $("tab-" + each).setAttribute("aria-selected", String(each === name));
  }
}

function onSubmit(id, act) {
  $(id).addEventListener("submit", (event) => { event.preventDefault(); attempt(act); });
}

for (const each of ["chat", "notices", "sms"]) $("tab-" + each).addEventListener("click", () => tab(each));
$("person").addEventListener("change", () => attempt(() => choose($("person").value)));
$("follow").addEventListener("click", () => attempt(() => mine("follow", {})));
$("unfollow").addEventListener("click", () => attempt(() => mine("unfollow", {})));
$("revoke").addEventListener("click", () => attempt(() =>
  ask(`/sandbox/users/${state.person}/revoke-consent`, { appid: state.miniapp })));
onSubmit("write", async () => {
  const text = $("text").value;
  if (!text.trim()) return;
  $("text").value = "";
  tab("chat");
  await mine("say", { text });
});
onSubmit("locate", async () => {
  const [latitude, longitude] = $("place").value.split(",").map(Number);
  tab("chat");
  await mine("locate", { latitude, longitude });
});
onSubmit("scan", async () => {
  const scene = $("scene").value.trim();
  tab("chat");
  const follows = JSON.parse(state.shown || "{}").follows;
  if (scene) await mine(follows ? "scan" : "follow", { scene });
});
onSubmit("add", async () => {
  const made = await ask("/sandbox/users", { nickname: $("nickname").value, phone: $("phone").value });
  $("add").reset();
  await people(made.user);
});

attempt(() => people());
setInterval(() => { if (state.person) look().catch(() => {}); }, 1500);
