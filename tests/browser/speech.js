// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said on the screenshots: long and short sentences, speakers, other scripts.
export const kTalk = [
  ["Ada", "en", "Good morning, everybody, and welcome to the meeting of the city council."],
  ["Ada", "en", "We have four items on the agenda today, and I would like to begin with the new bridge over the " +
    "river, because the engineers who planned it have another appointment at eleven."],
  ["Ben", "en", "Thank you."],
  ["Ben", "en", "The bridge is 240 metres long and will carry two lanes for bicycles, one for buses, and a wide " +
    "pavement. Work begins in March, and we expect that the first person will walk across in the autumn of next " +
    "year."],
  ["Cleo", "de", "Darf ich kurz nachfragen: Bleibt die Donaudampfschifffahrtsgesellschaftskapitänsbrücke so lange offen?"],
  ["Ben", "en", "Yes. The old bridge stays open until the new one does."],
  ["Dana", "ar", "شكرا جزيلا على هذا الشرح الواضح."],
  ["Olena", "uk", "Розкажіть, будь ласка, про шум під час будівництва."],
  ["Ada", "en", "Noise is the second item. We come to that in a minute."],
];

export function sayTalk(broadcast, rounds = 1) {
  for (let round = 0; round < rounds; round++)
    kTalk.forEach(([speaker, language, text], index) =>
      broadcast.final(`u${round}-${index}`, text, { speaker, language }));
}
