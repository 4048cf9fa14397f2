"""The teachers' answers, captions and the sets' own labels as what is learnt: a certainty for each tag and picture, and boxes.

A certainty is a number from 0 to 1, or nan where nobody said anything: then the picture teaches nothing about the tag. Names are the
vocabulary's.
"""

import csv
import pickle
import re
from pathlib import Path

import numpy as np

COCO_NAMES = {
    "airplane": "aeroplane", "sports ball": "ball", "kite": "kite toy", "orange": "orange fruit", "donut": "doughnut", "couch": "sofa",
    "potted plant": "houseplant", "tv": "television", "mouse": "computer mouse", "remote": "remote control", "keyboard": "computer keyboard",
    "cell phone": "mobile phone", "microwave": "microwave oven", "hair drier": "hair dryer",
}
# What may hold of a person that was found.
TRAITS = ["woman", "man", "child", "whole figure", "seated", "facing"]
PLACES = {
    "living room": "living_room television_room home_theater recreation_room", "kitchen": "kitchen galley restaurant_kitchen",
    "bedroom": "bedroom bedchamber hotel_room dorm_room childs_room youth_hostel", "bathroom": "bathroom shower jacuzzi/indoor sauna",
    "dining room": "dining_room banquet_hall", "hallway": "corridor entrance_hall elevator_lobby", "staircase": "staircase escalator/indoor fire_escape",
    "office": "office office_cubicles home_office computer_room", "classroom": "classroom lecture_room kindergarden_classroom",
    "restaurant": "restaurant dining_hall pizzeria fastfood_restaurant cafeteria sushi_bar restaurant_patio food_court diner/outdoor coffee_shop",
    "bar": "bar pub/indoor beer_hall wet_bar discotheque",
    "shop": "clothing_store department_store general_store/indoor gift_shop shoe_shop toyshop supermarket bookstore candy_store hardware_store drugstore jewelry_shop shopping_mall/indoor fabric_store",
    "museum": "museum/indoor art_gallery natural_history_museum science_museum", "stage": "stage/indoor stage/outdoor auditorium arena/performance orchestra_pit",
    "gym": "gymnasium/indoor locker_room martial_arts_gym boxing_ring", "swimming pool": "swimming_pool/indoor swimming_pool/outdoor water_park",
    "street": "street crosswalk downtown alley medina", "city": "downtown skyscraper street plaza crosswalk alley office_building",
    "house": "house cottage chalet manufactured_home mansion beach_house residential_neighborhood oast_house inn/outdoor",
    "building": "building_facade office_building apartment_building/outdoor hotel/outdoor courthouse embassy mansion house palace church/outdoor castle skyscraper motel schoolhouse hospital synagogue/outdoor",
    "church": "church/outdoor synagogue/outdoor", "castle": "castle palace", "park": "park lawn picnic_area formal_garden topiary_garden plaza",
    "garden": "formal_garden japanese_garden botanical_garden vegetable_garden yard topiary_garden zen_garden greenhouse/outdoor roof_garden",
    "playground": "playground sandbox", "sports field": "athletic_field/outdoor football_field soccer_field baseball_field stadium/baseball stadium/football stadium/soccer",
    "stadium": "stadium/baseball stadium/football stadium/soccer arena/hockey arena/rodeo bullring", "beach": "beach beach_house",
    "sea": "ocean coast wave beach islet lagoon", "shore": "coast beach lagoon cliff islet", "lake": "lake/natural pond lagoon swimming_hole fishpond",
    "river": "river creek canal/natural canal/urban", "waterfall": "waterfall", "mountain": "mountain mountain_path mountain_snowy valley butte glacier volcano cliff",
    "snow": "mountain_snowy ski_slope ski_resort snowfield ice_floe ice_shelf iceberg igloo glacier crevasse", "ski slope": "ski_slope ski_resort",
    "forest": "forest/broadleaf forest_path forest_road rainforest bamboo_forest tree_farm", "field": "field/cultivated field/wild pasture hayfield wheat_field corn_field rice_paddy tundra",
    "desert": "desert/sand desert/vegetation desert_road badlands", "road": "highway desert_road field_road forest_road driveway street",
    "bridge": "bridge viaduct aqueduct rope_bridge", "train station": "train_station/platform subway_station/platform railroad_track",
    "airport terminal": "airport_terminal", "harbour": "harbor pier boathouse loading_dock boat_deck landing_deck", "car park": "parking_lot parking_garage/outdoor parking_garage/indoor",
    "farm": "farm barn corral stable barndoor", "racetrack": "raceway racecourse", "ice rink": "ice_skating_rink/indoor ice_skating_rink/outdoor arena/hockey",
    "library": "library/indoor bookstore archive", "amusement park": "amusement_park carrousel", "cliff": "cliff canyon rock_arch badlands", "courtyard": "courtyard patio porch",
    "skyscrapers": "skyscraper downtown", "tower": "tower water_tower lighthouse oast_house", "temple": "temple/asia pagoda", "market": "market/indoor market/outdoor bazaar/indoor bazaar/outdoor flea_market/indoor",
    "vehicle interior": "car_interior bus_interior train_interior airplane_cabin cockpit", "underwater": "underwater/ocean_deep aquarium", "garage": "garage/indoor garage/outdoor",
    "campsite": "campsite", "cemetery": "cemetery", "workshop": "repair_shop auto_factory assembly_line engine_room", "laboratory": "biology_laboratory chemistry_lab physics_laboratory clean_room",
}
# Words of a caption that say a tag, and whether a caption without them says that it does not hold: a person in a picture is seldom left out.
CAPTION_WORDS = {
    "woman": "woman women lady ladies bride mother", "man": "man men guy guys gentleman father groom",
    "child": "child children kid kids boy boys baby toddler infant", "girl": "girl girls", "boy": "boy boys", "running": "run runs running chasing chases races racing jogging",
    "jumping": "jump jumps jumping leaps leaping leap midair airborne", "walking": "walk walks walking strolling strolls hiking",
    "sitting": "sit sits sitting seated", "standing": "stand stands standing", "climbing": "climb climbs climbing climber",
    "playing": "play plays playing", "riding a bicycle": "bike bicycle biker bicyclist cyclist bmx biking",
    "swimming": "swim swims swimming swimmer", "smiling face": "smile smiles smiling grinning laughing laughs", "splashing": "splash splashes splashing",
    "skateboarding": "skateboard skateboarder skateboarding", "dancing": "dance dancing dances dancer dancers", "lying down": "lying lay lays laying lies",
    "riding a wave": "surf surfing surfer surfs surfboard", "posing": "pose poses posing", "eating": "eat eats eating", "looking at the camera": "camera",
    "grass": "grass grassy lawn field meadow", "snow": "snow snowy snowboard ski skier skis", "water": "water pool lake ocean river sea sprinkler fountain waves wave stream pond",
    "beach": "beach shore", "street": "street sidewalk", "forest": "woods forest woodland", "rocks": "rock rocks rocky cliff boulder", "sand": "sand sandy dune dunes",
    "mountain": "mountain mountains mountainside hill", "ball": "ball balls football soccer basketball baseball tennis", "tree": "tree trees", "toy": "toy toys",
    "hat": "hat hats", "cap": "cap", "helmet": "helmet helmets", "sunglasses": "sunglasses", "shirt": "shirt shirts tshirt", "dress": "dress dresses", "jacket": "jacket jackets coat",
    "jeans": "jeans", "crowd": "crowd crowds crowded", "playground": "playground slide swing swings",
}
# Words that leave it open whether a tag holds: a girl of a caption may be six or sixteen.
OPEN_WORDS = {
    "woman": "girl girls female person people someone crowd couple group player players team",
    "man": "boy boys male person people someone crowd couple group player players team guy guys biker cyclist skier surfer climber",
    "child": "girl girls person people crowd group players team", "girl": "child children kid kids people", "boy": "child children kid kids people",
}
WEAR = {
    "bag": "bag", "shoes": "shoes", "trousers": "pants", "dress": "dress", "coat": "coat cape", "belt": "belt", "skirt": "skirt", "shirt": "shirt",
    "blouse": "blouse", "sunglasses": "sunglasses", "handbag": "purse", "hat": "hat", "jeans": "jeans", "t-shirt": "t-shirt", "jacket": "jacket blazer",
    "bracelet": "bracelet", "boots": "boots", "high heels": "heels pumps", "sandals": "sandals", "scarf": "scarf", "necklace": "necklace",
    "sweater": "sweater jumper cardigan sweatshirt", "shorts": "shorts", "glasses": "glasses", "trainers": "sneakers", "suit": "suit", "leggings": "leggings tights stockings",
}
CLOTHES = {"dress": "dress", "hat": "hat", "longsleeve": "shirt", "outwear": "jacket", "pants": "trousers", "shirt": "shirt", "shoes": "shoes", "shorts": "shorts", "skirt": "skirt", "t-shirt": "t-shirt"}
# Garments that nearly always a woman wears.
WOMANLY = {"dress", "skirt", "heels", "blouse", "purse", "pumps", "romper", "stockings", "leggings", "tights", "wedges"}
ROOMS = {"bathroom", "bedroom", "kitchen"}


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def tables(data):
    """Rows of the training sets' tables by "set/file"."""
    found = {}
    for file in Path(data).glob("*.csv"):
        with open(file, newline="", encoding="utf-8") as opened:
            for row in csv.DictReader(opened):
                found[f"{file.stem}/{row['file']}"] = row
    return found


def vocabulary(folder):
    """Name or alias → name, for every tag of a folder of .tags files that is neither measured nor told by boxes."""
    names = {}
    for file in sorted(Path(folder).glob("*.tags")):
        measured = False
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                measured = line.endswith("*]")
            if not line or line[0] in "#@[" or measured:
                continue
            name, _, rest = line.partition(" = ")
            name = re.split(r" [<!*:]", name)[0].strip()
            names.setdefault(name, name)
            for alias in re.split(r" [<!*:]", rest)[0].split(","):
                if alias.strip():
                    names.setdefault(alias.strip(), name)
    return names


def judged_indoors(file=Path(__file__).with_name("indoors.tsv")):
    """What a person says of pictures whose place the teacher was unsure of: 1 indoors, 0 outdoors, nan where one cannot tell."""
    with open(file, newline="", encoding="utf-8") as opened:
        return {row["picture"]: np.nan if row["indoors"] == "?" else float(row["indoors"]) for row in csv.DictReader(opened, delimiter="\t")}


class Labels:
    def __init__(self, data, teachers, answers, vocabulary_folder):
        teachers = Path(teachers)
        self.rows = tables(data)
        self.judged = judged_indoors()
        self.answers = {}
        for file in sorted(Path(answers).glob("*.pickle")):
            self.answers.update(pickle.loads(file.read_bytes()))
        self.coco = [line.strip() for line in (teachers / "coco80.txt").read_text().splitlines() if line.strip()]
        self.things = [COCO_NAMES.get(name, name) for name in self.coco] + ["face"]
        names = [line.split()[0][3:] for line in (teachers / "squeezenet-places365" / "categories_places365.txt").read_text().splitlines() if line]
        kinds = [line.split()[-1] for line in (teachers / "squeezenet-places365" / "IO_places365.txt").read_text().splitlines() if line]
        self.indoors = np.array([kind == "1" for kind in kinds])
        self.places = {tag: np.array([names.index(name) for name in said.split() if name in names]) for tag, said in PLACES.items()}
        known = vocabulary(vocabulary_folder)
        lines = [line.split("\t") for line in (teachers / "object-labeler-631" / "labels.tsv").read_text().splitlines()]
        # What detectors see they see better.
        self.objects = {}
        for index, (_, name) in enumerate(lines):
            tag = known.get(name.lower())
            if tag and tag not in self.things:
                self.objects.setdefault(tag, []).append(index)
        self.tags = list(dict.fromkeys(
            self.things + ["people", "indoors", "outdoors", "lettering"] + list(PLACES) + list(CAPTION_WORDS) + list(WEAR) + list(self.objects)))
        self.tags = [tag for tag in self.tags if tag in known]
        self.number = {tag: index for index, tag in enumerate(self.tags)}

    def of_picture(self, name):
        """Certainties [tags] of a whole training picture."""
        target = np.full(len(self.tags), np.nan, np.float32)
        answer, row = self.answers[name], self.rows.get(name, {})
        picture_set = name.split("/")[0]

        def say(tag, certainty):
            if tag in self.number:
                old = target[self.number[tag]]
                target[self.number[tag]] = certainty if np.isnan(old) else max(old, certainty)

        # Above a mean log-odds of -1 two detectors are right four times in five.
        for tag, certainty in zip(self.things, sigmoid(1.6 * (answer["logits"] + 0.8))):
            say(tag, certainty)
        faces = answer["faces"]
        say("face", float(faces[:, 4].max(initial=0)) ** 3)
        people = self.people(answer)
        say("people", sigmoid(4 * (people - 1.5)))
        places = answer["places"].astype(np.float32)
        scenic = picture_set in ("flickr-train", "street-fashion", "rooms", "imagenet-one-per-class", "things-and-places")
        if scenic:
            inside = self.judged.get(name, float(places[self.indoors].sum()))
            # Of a thing alone the teacher guesses.
            if picture_set == "imagenet-one-per-class" and name not in self.judged and 0.1 < inside < 0.9:
                inside = np.nan
            if not np.isnan(inside):
                say("indoors", inside)
                say("outdoors", 1 - inside)
            for tag, indices in self.places.items():
                say(tag, float(places[indices].sum()))
        say("lettering", sigmoid(600 * (answer["text"] - 0.012)))
        objects = answer["objects"].astype(np.float32) / 256
        for tag, indices in self.objects.items():
            say(tag, float(objects[indices].max()))
        if "caption" in row:
            words = set(re.findall(r"[a-z]+", row["caption"].lower()))
            for tag, said in CAPTION_WORDS.items():
                if words & set(said.split()):
                    target[self.number[tag]] = 1.0
                elif words & set(OPEN_WORDS.get(tag, "").split()):
                    target[self.number[tag]] = np.nan
                elif np.isnan(target[self.number[tag]]):
                    target[self.number[tag]] = 0.0
        elif picture_set == "street-fashion":
            worn = set(row["labels"].split("|"))
            for tag, said in WEAR.items():
                target[self.number[tag]] = float(bool(worn & set(said.split())))
            if worn & WOMANLY:
                say("woman", 0.97)
                say("man", 0.03)
            say("child", 0.02)
            say("street", 0.6)
            say("outdoors", 0.9)
        elif picture_set == "rooms":
            said = row["labels"]
            for tag in ROOMS:
                target[self.number[tag]] = float(tag in said)
            front = "house" in said
            for tag in ("house", "building", "outdoors"):
                target[self.number[tag]] = float(front)
            target[self.number["indoors"]] = float(not front)
        elif picture_set == "clothes":
            worn = CLOTHES.get(row["class"])
            if worn:
                say(worn, 1.0)
        if people < 0.1:
            for tag in ("woman", "man", "child", "girl", "boy", *WEAR):
                if tag not in self.objects and np.isnan(target[self.number[tag]]):
                    target[self.number[tag]] = 0.0
            for tag in ("woman", "man", "child", "girl", "boy"):
                target[self.number[tag]] = 0.0
        return target

    @staticmethod
    def people(answer):
        """How many people are expected to be there."""
        boxes = answer["boxes"]
        return float(sigmoid(1.6 * (np.log(boxes[:, 5] / (1 - boxes[:, 5] + 1e-6) + 1e-6) + 0.8))[boxes[:, 4] == 0].sum())

    def boxes(self, name):
        """[n, 6]: left, top, right, bottom, index of the thing, certainty; faces after the things, and traits [n, TRAITS] (nan: not said)."""
        answer, row = self.answers[name], self.rows.get(name, {})
        things = answer["boxes"].copy()
        things[:, 5] = sigmoid(1.6 * (np.log(things[:, 5] / (1 - things[:, 5] + 1e-6) + 1e-6) + 0.8))
        faces = answer["faces"]
        faces = np.concatenate([faces[:, :4], np.full((len(faces), 1), len(self.coco), np.float32), faces[:, 4:5] ** 3], axis=1)
        together = np.concatenate([things, faces]).astype(np.float32)
        traits = np.full((len(together), len(TRAITS)), np.nan, np.float32)
        sure = np.flatnonzero((together[:, 4] == 0) & (together[:, 5] > 0.5))
        for person, points in answer["bodies"]:
            row_of = [index for index in sure if np.allclose(together[index, :4], person[:4], atol=1e-4)]
            for index in row_of:
                traits[index, 3:] = self.pose(points)
        if "caption" in row and len(sure):
            words = set(re.findall(r"[a-z]+", row["caption"].lower()))
            said = [bool(words & set(CAPTION_WORDS[tag].split())) for tag in ("woman", "man", "child")]
            grown = [bool(words & {"woman", "women", "lady"}), bool(words & {"man", "men", "guy"})]
            # Only where the caption speaks of one kind can the boxes be told apart.
            young = said[2] and not any(grown)
            if said[:2].count(True) == 1 and (young or not said[2]):
                traits[sure, :3] = (said[0], said[1], young)
            elif young:
                traits[sure, 2] = 1
        elif name.startswith("street-fashion") and set(row["labels"].split("|")) & WOMANLY and len(sure):
            largest = sure[np.argmax((together[sure, 2] - together[sure, 0]) * (together[sure, 3] - together[sure, 1]))]
            traits[largest, :3] = (1, 0, 0)
        return together, traits

    @staticmethod
    def pose(points):
        """Whole figure, seated, facing from 17 points (x, y, certainty); nan where the points do not say."""
        certain = points[:, 2] > 0.3
        height = lambda indices: points[indices, 1][certain[indices]].mean()  # noqa: E731
        shoulders, hips, knees, ankles = [5, 6], [11, 12], [13, 14], [15, 16]
        seen = {name: certain[indices].any() for name, indices in (("s", shoulders), ("h", hips), ("k", knees), ("a", ankles))}
        whole = 1.0 if seen["a"] and seen["s"] else 0.0 if seen["s"] and not seen["k"] and not seen["a"] else np.nan
        seated = np.nan
        if seen["s"] and seen["h"] and seen["k"]:
            trunk = max(height(hips) - height(shoulders), 1e-3)
            bent = (height(knees) - height(hips)) / trunk
            seated = 1.0 if bent < 0.4 else 0.0 if bent > 0.7 else np.nan
        eyes = certain[[0, 1, 2]].sum()
        facing = 1.0 if eyes == 3 else 0.0 if eyes == 0 and seen["s"] else np.nan
        return whole, seated, facing
