"""Other languages: Spanish, German, French, Russian, Chinese and Japanese, a small grammar each."""

# In the order of the sets below; English is not among them.
LANGUAGES = ("es", "de", "fr", "ru", "zh", "ja")

RULES = """
foreign_say: 4*⇧[foreign_ask][foreign_more] | ⇧[foreign_detail][foreign_stop][foreign_ask][foreign_more] |
  [foreign_tiny]
foreign_follow_up: ⇧[foreign_detail][foreign_end] | 2*⇧[foreign_ask] | [foreign_tiny]
foreign_more@size: ∅ /// ␣[foreign_one] /// ␣[foreign_one] /// ␣[foreign_two] /// ␣[foreign_three] ///
  ␣[foreign_three][foreign_two] /// ␣[foreign_three]⏎[foreign_three][foreign_two] ///
  ⏎⏎[foreign_three][foreign_three]⏎[foreign_three][foreign_two] ///
  ⏎⏎[foreign_three][foreign_three]⏎[foreign_three][foreign_three]⏎⏎[foreign_three][foreign_three][foreign_three]
foreign_one: ⇧[foreign_detail][foreign_end]
foreign_two: ⇧[foreign_detail][foreign_stop][foreign_detail][foreign_end]
foreign_three: ⇧[foreign_detail][foreign_stop][foreign_detail][foreign_stop][foreign_detail][foreign_end]␣
foreign_stop@language: [stop] /// [stop] /// [stop] /// [stop] /// 。 /// 。
foreign_end@language: [end] /// [end] /// [end] /// [end] /// 。 /// 。
foreign_ask@language: [es_ask] /// [de_ask] /// [fr_ask] /// [ru_ask] /// [zh_ask] /// [ja_ask]
foreign_detail@language: [es_detail] /// [de_detail] /// [fr_detail] /// [ru_detail] /// [zh_detail] ///
  [ja_detail]
foreign_tiny@language: ⇧hola | ⇧gracias | ⇧sigue | ⇧sí /// ⇧hallo | ⇧danke | ⇧weiter | ⇧ja | ⇧kürzer bitte
  /// ⇧bonjour | ⇧merci | ⇧continue | ⇧oui /// ⇧привет | ⇧спасибо | ⇧продолжай | ⇧да /// 你好 | 谢谢 |
  继续 | 好的 /// こんにちは | ありがとう | 続けて | はい

es_noun@topic: el servidor | la base de datos | el error de la página | la contraseña /// la receta | el
  horno | las lentejas | la cena /// el viaje | el hotel | el vuelo | la maleta /// el examen | la
  redacción | el profesor | la tesis /// la empresa | la factura | el cliente | el contrato /// la novela
  | el personaje | el poema | el final /// el jardín | las plantas | el perro | la casa /// la salud | el
  sueño | la dieta | el médico
es_ask@voice: ¿cómo puedo mejorar [es_noun]? | ¿cómo arreglo [es_noun]? /// explica [es_noun] con palabras
  sencillas /// escribe un texto corto sobre [es_noun] y [es_noun] /// necesito ayuda con [es_noun] de
  [own_name] /// ¿cuál es la diferencia entre [es_noun] y [es_noun]? /// dame [digit] ideas para [es_noun]
es_detail: ya intenté cambiar [es_noun] y no funcionó | es para [own_name], somos [number] personas | lo
  necesito para el viernes | [first_name] dice que [es_noun] no importa | no entiendo bien [es_noun] | mi
  presupuesto es de [number] euros | antes usábamos [proper_name] | [es_noun] me parece más importante que
  [es_noun]
de_noun@topic: der Server | die Datenbank | das Skript | die Fehlermeldung /// das Rezept | der Ofen | die
  Linsen | das Brot /// die Reise | das Hotel | der Zug | der Koffer /// die Prüfung | der Aufsatz | die
  Note | die Hausarbeit /// die Rechnung | der Kunde | das Angebot | der Vertrag /// der Roman | die
  Hauptfigur | das Gedicht | das Ende /// der Garten | der Hund | die Wohnung | die Heizung /// der Schlaf
  | die Ernährung | der Arzt | das Training
de_ask@voice: wie kann ich das verbessern: [de_noun]? | was mache ich, wenn [de_noun] Probleme macht? ///
  erkläre mir bitte einfach: [de_noun] /// schreib einen kurzen Text, Thema: [de_noun] und [de_noun] ///
  [de_noun] von [own_name], was muss ich beachten? /// was ist der Unterschied: [de_noun] oder [de_noun]?
  /// gib mir [digit] Ideen zum Thema [de_noun]
de_detail: ich habe schon vieles versucht, aber [de_noun] bleibt ein Problem | es ist für [own_name], etwa
  [number] Leute | ich brauche es bis Freitag | [first_name] meint, [de_noun] sei egal | mein Budget liegt
  bei [number] Euro | früher haben wir [proper_name] benutzt | [de_noun] ist mir wichtiger als alles
  andere | bitte ohne Fachwörter
fr_noun@topic: le serveur | la base de données | le message d'erreur | le script /// la recette | le four
  | la pâte | le dîner /// le voyage | l'hôtel | le train | la valise /// l'examen | la dissertation | le
  professeur | le plan /// la facture | le client | le contrat | la réunion /// le roman | le héros | le
  poème | la fin /// le jardin | le chien | l'appartement | le chauffage /// le sommeil | le régime | le
  médecin | la course
fr_ask@voice: comment améliorer [fr_noun] ? | que faire pour [fr_noun] ? /// explique [fr_noun] simplement
  /// écris un court texte sur [fr_noun] et [fr_noun] /// j'ai besoin d'aide avec [fr_noun] pour
  [own_name] /// quelle est la différence entre [fr_noun] et [fr_noun] ? /// donne-moi [digit] idées pour
  [fr_noun]
fr_detail: j'ai déjà essayé de changer [fr_noun] sans succès | c'est pour [own_name], nous sommes [number]
  | il me le faut pour vendredi | [first_name] pense que [fr_noun] ne compte pas | mon budget est de
  [number] euros | avant nous utilisions [proper_name] | je ne comprends pas bien [fr_noun] | [fr_noun]
  compte plus que [fr_noun]
ru_noun@topic: сервер | база данных | ошибка на странице | скрипт /// рецепт | духовка | тесто | ужин ///
  поездка | гостиница | поезд | чемодан /// экзамен | сочинение | учитель | курсовая /// счёт | клиент |
  договор | встреча /// роман | главный герой | стихотворение | финал /// сад | собака | квартира |
  отопление /// сон | питание | врач | тренировка
ru_ask@voice: что делать, если [ru_noun] не подходит? | почему [ru_noun] не работает? /// объясни просто,
  что такое [ru_noun] /// напиши короткий текст на тему «[ru_noun] и [ru_noun]» /// нужна помощь,
  [ru_noun] для [own_name] /// что важнее, [ru_noun] или [ru_noun]? /// дай [digit] идей на тему [ru_noun]
ru_detail: я уже пробовал, но [ru_noun] всё равно не то | это для [own_name], нас примерно [number] |
  нужно до пятницы | [first_name] говорит, что [ru_noun] не важно | бюджет около [number] рублей | раньше
  мы пользовались [proper_name] | [ru_noun] важнее всего | без сложных слов, пожалуйста
zh_noun@topic: 服务器 | 数据库 | 脚本 | 报错信息 /// 菜谱 | 烤箱 | 面团 | 晚饭 /// 旅行计划 | 酒店 |
  火车票 | 行李 /// 考试 | 作文 | 论文 | 老师的要求 /// 发票 | 客户 | 合同 | 会议纪要 /// 小说 | 主角 |
  诗歌 | 结尾 /// 花园 | 小狗 | 公寓 | 暖气 /// 睡眠 | 饮食 | 体检 | 跑步
zh_ask@voice: 怎么改进[zh_noun]？ | [zh_noun]出问题了怎么办？ /// 请简单解释一下[zh_noun] ///
  帮我写一段关于[zh_noun]和[zh_noun]的文字 /// [own_name]的[zh_noun]需要注意什么？ ///
  [zh_noun]和[zh_noun]有什么区别？ /// 给我[digit]个关于[zh_noun]的想法
zh_detail: 我已经试过换[zh_noun]，但是没有用 | 这是给[own_name]用的，大概[number]个人 | 星期五之前要完成 |
  [first_name]觉得[zh_noun]不重要 | 预算是[number]元 | 以前我们用的是[proper_name] |
  [zh_noun]比[zh_noun]更重要 | 请不要太复杂
ja_noun@topic: サーバー | データベース | スクリプト | エラーメッセージ /// レシピ | オーブン | 生地 | 夕食
  /// 旅行の計画 | ホテル | 電車 | 荷物 /// 試験 | 作文 | 卒業論文 | 宿題 /// 請求書 | お客様 | 契約書 |
  会議の議事録 /// 小説 | 主人公 | 詩 | 結末 /// 庭 | 犬 | アパート | 暖房 /// 睡眠 | 食事 | 健康診断 |
  ジョギング
ja_ask@voice: [ja_noun]を改善するにはどうすればいいですか？ |
  [ja_noun]がうまくいきません。どうすればいい？ /// [ja_noun]をわかりやすく説明してください ///
  [ja_noun]と[ja_noun]について短い文章を書いてください /// [own_name]の[ja_noun]で困っています ///
  [ja_noun]と[ja_noun]の違いは何ですか？ /// [ja_noun]のアイデアを[digit]個ください
ja_detail: [ja_noun]を変えてみましたが、だめでした | [own_name]のためで、[number]人くらいです |
  金曜日までに必要です | [first_name]さんは[ja_noun]は関係ないと言っています | 予算は[number]円です |
  以前は[proper_name]を使っていました | できるだけ簡単にお願いします
"""
